package dev.parley.quota;

import dev.parley.concurrent.Ticker;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.NodeIdentity;
import dev.parley.domain.Refusal;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.quota.Budgets.Attempt;
import dev.parley.quota.GrantAccount.Standing;
import dev.parley.tenancy.Tenant;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Admission by limits that hold on any number of nodes: this one spends from its grants ({@link GrantKeeper}), so a response
 * asks the database for nothing as long as the node holds enough. Sessions at once are counted elsewhere ({@link CountedAdmission}). Thread-safe.
 */
public final class GrantedAdmission implements Admission {
    private final LimitSource source;
    private final GrantKeeper keeper;
    private final Budgets budgets;
    private final BooleanSupplier ledgerHealthy;

    /** @param ledgerHealthy whether usage can be written now; while it cannot, no session starts */
    public GrantedAdmission(
            Vertx vertx,
            LimitSource source,
            GrantKeeper keeper,
            NodeIdentity node,
            BooleanSupplier ledgerHealthy,
            Ticker ticker) {
        this.source = source;
        this.keeper = keeper;
        this.budgets = new Budgets(vertx, keeper, node, ticker);
        this.ledgerHealthy = ledgerHealthy;
    }

    @Override
    public Future<SessionDecision> openSession(SessionRequest request) {
        if (!ledgerHealthy.getAsBoolean()) {
            return Future.succeededFuture(new SessionDecision.Refused(QuotaRefusals.ledgerAway()));
        }
        Permit permit = new Permit(request.tenant(), request.subject());
        return permit.begin().onFailure(_ -> permit.release()).map(refusal -> {
            if (refusal.isPresent()) {
                permit.release();
                return new SessionDecision.Refused(refusal.get());
            }
            return new SessionDecision.Admitted(permit);
        });
    }

    /** One session's permit. On its event loop. */
    final class Permit implements SessionPermit {
        private final SubjectId subject;
        private Tenant tenant;
        private List<Limit> limits = List.of();
        private List<GrantAccount> accounts = List.of();
        private List<GrantAccount> audioAccounts = List.of();
        private boolean released;
        /** What its open reservations hold. Written on the event loop only. */
        private volatile long reserved;

        Permit(Tenant tenant, SubjectId subject) {
            this.subject = subject;
            this.tenant = tenant;
            hear(tenant);
        }

        /** Counts the session's start, and refuses it when a budget is spent already. */
        Future<Optional<Refusal>> begin() {
            return budgets.start(tenant.id(), accounts).map(attempt -> switch (attempt) {
                case Attempt.Refused(Refusal refusal) -> Optional.of(refusal);
                case Attempt.Held held -> {
                    spend(held);
                    yield spent();
                }
            });
        }

        @Override
        public Future<ReserveDecision> reserve(WorstCase worstCase) {
            return hold(worstCase).map(attempt -> switch (attempt) {
                case Attempt.Refused(Refusal refusal) -> new ReserveDecision.Refused(refusal);
                case Attempt.Held held ->
                    new ReserveDecision.Reserved(new GrantReservation(budgets, this, held), held.outputTokens());
            });
        }

        private Future<Attempt> hold(WorstCase worstCase) {
            return released
                    ? Future.succeededFuture(new Attempt.Refused(QuotaRefusals.sessionEnded()))
                    : budgets.hold(tenant.id(), accounts, worstCase);
        }

        @Override
        public Future<Optional<Refusal>> countAudio(long millis) {
            WorstCase work = new WorstCase(NanoUsd.ZERO, NanoUsd.ZERO, 0, 0, 0, 0, millis);
            return budgets.hold(tenant.id(), audioAccounts, work).map(attempt -> switch (attempt) {
                case Attempt.Refused(Refusal refusal) -> Optional.of(refusal);
                case Attempt.Held held -> {
                    spend(held);
                    yield Optional.empty();
                }
            });
        }

        @Override
        public boolean countsAudio() {
            return !audioAccounts.isEmpty();
        }

        @Override
        public List<RateLimit> rateLimits() {
            Instant now = budgets.node().databaseNow();
            return accounts.stream()
                    .filter(account -> account.limit().period() == LimitPeriod.MINUTE
                            && account.limit().unit() != Unit.SESSION_STARTS)
                    .map(account -> new RateLimit(
                            account.limit().unit(),
                            account.limit().amount(),
                            account.remaining(),
                            untilNextMinute(now)))
                    .toList();
        }

        private static Duration untilNextMinute(Instant now) {
            return Duration.between(now, now.truncatedTo(ChronoUnit.MINUTES).plus(1, ChronoUnit.MINUTES));
        }

        @Override
        public NanoUsd reserved() {
            return new NanoUsd(reserved);
        }

        /** A reservation holds so much more, or less. */
        void holds(long more) {
            long before = reserved;
            reserved = Math.addExact(before, more);
        }

        private void spend(Attempt.Held held) {
            held.holds().forEach(hold -> hold.grant().settle(hold.amount(), hold.amount(), budgets.nanos()));
        }

        TenantId tenant() {
            return tenant.id();
        }

        /** Of the limits that apply now. */
        List<GrantAccount> accounts() {
            return accounts;
        }

        @Override
        public void release() {
            if (!released) {
                released = true;
                limits.forEach(limit -> keeper.leave(tenant.id(), limit));
            }
        }

        @Override
        public void hear(Tenant current) {
            if (released) {
                return;
            }
            List<Limit> before = limits;
            tenant = current;
            limits = source.of(current, subject);
            accounts = limits.stream()
                    .map(limit -> keeper.join(current.id(), limit))
                    .toList();
            audioAccounts = accounts.stream()
                    .filter(account -> account.limit().unit() == Unit.AUDIO_MILLIS)
                    .toList();
            before.forEach(limit -> keeper.leave(current.id(), limit));
        }

        private Optional<Refusal> spent() {
            for (GrantAccount account : accounts) {
                Limit limit = account.limit();
                Standing standing = account.standing();
                if (limit.hard() && limit.unit().ledgered() && standing.spent() >= limit.amount()) {
                    return Optional.of(QuotaRefusals.exhausted(
                            tenant.id(), limit, standing, budgets.node().databaseNow()));
                }
            }
            return Optional.empty();
        }
    }
}
