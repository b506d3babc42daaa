package dev.parley.quota;

import dev.parley.domain.NanoUsd;
import dev.parley.domain.Refusal;
import dev.parley.quota.SessionPermits.Answer;
import dev.parley.tenancy.Tenant;
import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/** Admission behind the count of sessions at once: the permit is taken first, and given back last. Thread-safe. */
public final class CountedAdmission implements Admission {
    private final SessionPermits permits;
    private final Admission admission;

    /** @param admission what else has to agree */
    public CountedAdmission(SessionPermits permits, Admission admission) {
        this.permits = permits;
        this.admission = admission;
    }

    @Override
    public Future<SessionDecision> openSession(SessionRequest request) {
        return permits.take(request).compose(answer -> switch (answer) {
            case Answer.Taken _ -> counted(request);
            case Answer.TenantFull(int open) -> refused(QuotaRefusals.tooManySessions(request.tenant(), open));
            case Answer.SubjectFull(int limit) -> refused(QuotaRefusals.tooManySessionsOfSubject(limit));
            case Answer.Away _ -> refused(QuotaRefusals.countAway());
        });
    }

    private static Future<SessionDecision> refused(Refusal refusal) {
        return Future.succeededFuture(new SessionDecision.Refused(refusal));
    }

    private Future<SessionDecision> counted(SessionRequest request) {
        return admission
                .openSession(request)
                .<SessionDecision>map(decision -> switch (decision) {
                    case SessionDecision.Refused refused -> {
                        permits.giveBack(request.session());
                        yield refused;
                    }
                    case SessionDecision.Admitted(SessionPermit permit) ->
                        new SessionDecision.Admitted(new Permit(permit, request));
                })
                .onFailure(_ -> permits.giveBack(request.session()));
    }

    private final class Permit implements SessionPermit {
        private final SessionPermit permit;
        private final SessionRequest request;
        private final AtomicBoolean released = new AtomicBoolean();

        Permit(SessionPermit permit, SessionRequest request) {
            this.permit = permit;
            this.request = request;
        }

        @Override
        public Future<ReserveDecision> reserve(WorstCase worstCase) {
            return permit.reserve(worstCase);
        }

        @Override
        public Future<Optional<Refusal>> countAudio(long millis) {
            return permit.countAudio(millis);
        }

        @Override
        public boolean countsAudio() {
            return permit.countsAudio();
        }

        @Override
        public void hear(Tenant tenant) {
            permit.hear(tenant);
        }

        @Override
        public List<RateLimit> rateLimits() {
            return permit.rateLimits();
        }

        @Override
        public NanoUsd reserved() {
            return permit.reserved();
        }

        @Override
        public void release() {
            permit.release();
            if (released.compareAndSet(false, true)) {
                permits.giveBack(request.session());
            }
        }
    }
}
