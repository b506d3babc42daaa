package dev.parley.session;

import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.protocol.BrokerEvents;
import dev.parley.protocol.RejectionMapper;
import dev.parley.relay.LegEnd;
import dev.parley.session.ConversationText.Replay;
import dev.parley.upstream.UpstreamConnector.Outcome;
import dev.parley.upstream.UpstreamConnector.UpstreamSession;
import io.vertx.core.AsyncResult;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * When and how a session goes on with another upstream: at a turn boundary shortly before its provider ends it, and when it
 * is lost. While an upstream is being prepared its client waits; a planned one that is not needed, because a response has
 * begun meanwhile, is given up. For a client that is lost itself nothing is prepared before it is back. One event loop.
 */
final class Succession {
    private static final Duration RETRY = Duration.ofSeconds(30);
    private static final Duration LOSSES_WITHIN = Duration.ofMinutes(1);
    private static final int LOSSES_MAX = 3;

    private final Vertx vertx;
    private final SessionServices services;
    private final SessionOrder order;
    private final SessionReport report;
    private final OwnEvents ids;
    private final SessionLife life;
    private final Seat seat;
    private final @Nullable SessionMemory memory;
    private long left;
    private boolean due;
    private boolean stopped;
    private int losses;
    private long lostAt;
    private long timer = -1;
    private @Nullable Attempt attempt;

    /** The session, and who serves it. */
    interface Seat {
        Tenure holder();

        /** Lets nothing of the client's be judged until {@link #resume}. */
        void pause();

        void resume();

        /** Whether the holder is between two turns, and none of its messages is on its way in parts. */
        boolean isAtBoundary();

        /** An upstream that may take office. */
        Tenure candidate(UpstreamSession upstream);

        /** From now on it serves the session. */
        void appoint(Tenure next);

        void tell(Buffer event);

        /** Nobody follows the upstream that ended like this. */
        void vacant(LegEnd end);
    }

    /** One try. */
    private static final class Attempt {
        private @Nullable Tenure candidate;
        private @Nullable Replay ready;
        private @Nullable LegEnd lostBy;
        private boolean begun;

        Attempt(@Nullable LegEnd lostBy) {
            this.lostBy = lostBy;
        }
    }

    /** @param memory null when the session asked for no other upstream */
    Succession(
            Vertx vertx,
            SessionServices services,
            SessionOrder order,
            SessionReport report,
            OwnEvents ids,
            SessionLife life,
            @Nullable SessionMemory memory,
            Seat seat) {
        this.vertx = vertx;
        this.services = services;
        this.order = order;
        this.report = report;
        this.ids = ids;
        this.life = life;
        this.memory = memory;
        this.seat = seat;
        this.left = order.tenant().upstreamReplacementsMax();
    }

    /** An upstream has taken office: it will be replaced before its provider ends it, if it says when. */
    void appointed(Tenure holder) {
        long expiresAt = holder.parts().created().path("expires_at").asLong(0);
        Duration lives = Duration.between(services.ticker().now(), Instant.ofEpochSecond(expiresAt));
        if (memory == null || !lives.isPositive()) {
            return;
        }
        Duration half = lives.dividedBy(2);
        Duration before = lives.minus(services.config().replaceBefore());
        dueIn(before.compareTo(half) > 0 ? before : half);
    }

    /** Whether what the provider says about its session's end shall not reach the client, because the session goes on. */
    boolean outlives() {
        return left > 0 && memory != null && life.noNewWork() == null && SettingsReplay.isPossible(memory.settings());
    }

    /** The upstream is lost; true if another one is being got, and {@link Seat#vacant} will be told if it is not. */
    boolean follows(LegEnd end) {
        if (stopped || !outlives() || !UpstreamEnding.mayBeFollowed(end) || tooManyLosses()) {
            stop();
            return false;
        }
        report.abnormal("upstream", "upstream_lost", "The upstream was lost; another one is being got.", null);
        Attempt planned = attempt;
        if (planned == null) {
            begin(new Attempt(end));
        } else {
            planned.lostBy = end;
        }
        return true;
    }

    /** Something has come to its end: perhaps a turn, perhaps the last thing that had to be written down. */
    void look() {
        Attempt current = attempt;
        if (current != null) {
            look(current);
        } else if (due && !stopped && outlives() && life.attended() && seat.isAtBoundary()) {
            begin(new Attempt(null));
        }
    }

    /** The client is back: what waited for it begins. */
    void attended() {
        Attempt waiting = attempt;
        if (waiting != null && !waiting.begun) {
            acquire(waiting);
        }
    }

    /** The session ends. */
    void stop() {
        stopped = true;
        vertx.cancelTimer(timer);
        Attempt current = attempt;
        attempt = null;
        if (current != null && current.candidate != null) {
            current.candidate.retire();
        }
    }

    private void dueIn(Duration wait) {
        vertx.cancelTimer(timer);
        due = false;
        timer = vertx.setTimer(Math.max(1, wait.toMillis()), _ -> {
            due = true;
            look();
        });
    }

    private boolean tooManyLosses() {
        long now = services.ticker().nanos();
        losses = now - lostAt > LOSSES_WITHIN.toNanos() ? 1 : losses + 1;
        lostAt = now;
        return losses > LOSSES_MAX;
    }

    private void begin(Attempt next) {
        attempt = next;
        seat.pause();
        if (life.attended()) {
            acquire(next);
        }
    }

    private void acquire(Attempt begun) {
        begun.begun = true;
        services.upstream()
                .acquire(order.tenant().id(), order.target())
                .onComplete(outcome -> acquired(begun, outcome));
    }

    @SuppressWarnings("ReferenceEquality") // one attempt or another
    private void acquired(Attempt begun, AsyncResult<Outcome> outcome) {
        SessionMemory known = memory;
        if (outcome.failed() || known == null) {
            fail(begun, "upstream_unavailable");
            return;
        }
        switch (outcome.result()) {
            case Outcome.Unavailable none -> fail(begun, none.upstreamCode());
            case Outcome.Connected(UpstreamSession upstream)
            when attempt != begun -> {
                upstream.leg().judge(new ClosingGate(upstream.lease()::ended));
                upstream.leg().close(1000, "");
            }
            case Outcome.Connected(UpstreamSession upstream) -> {
                Tenure candidate = seat.candidate(upstream);
                begun.candidate = candidate;
                Candidacy.of(vertx, candidate, known).onComplete(replayed -> {
                    if (replayed.failed()) {
                        fail(begun, String.valueOf(replayed.cause().getMessage()));
                    } else {
                        begun.ready = replayed.result();
                        look(begun);
                    }
                });
            }
        }
    }

    @SuppressWarnings("ReferenceEquality") // one attempt or another
    private void look(Attempt current) {
        Replay ready = current.ready;
        Tenure candidate = current.candidate;
        Tenure holder = seat.holder();
        if (ready == null || candidate == null || attempt != current) {
            return;
        }
        if (candidate.isGone()) {
            fail(current, "upstream_lost");
        } else if (current.lostBy == null && !seat.isAtBoundary()) {
            attempt = null; // the provider has begun a response: it stays in office until that is over
            candidate.retire();
            seat.resume();
        } else if (holder.parts().filer().committing() == 0) {
            succeed(current, candidate, ready);
        }
    }

    private void succeed(Attempt current, Tenure next, Replay replay) {
        Tenure before = seat.holder();
        String cause = current.lostBy == null ? "session_length" : "upstream_lost";
        attempt = null;
        due = false;
        left--;
        Interrupted cut = before.interrupted();
        tellOfLoss(cut);
        seat.appoint(next);
        seat.tell(BrokerEvents.upstreamReplaced(ids.next(), cause, replay.items(), replay.omitted(), cut.running()));
        report.replaced(next.upstream().account(), cause, replay.items(), replay.omitted());
        before.retire();
        appointed(next);
        seat.resume();
    }

    private void tellOfLoss(Interrupted cut) {
        if (cut.isEmpty()) {
            return;
        }
        Refusal lost = Refusal.of(
                Kind.UPSTREAM_UNAVAILABLE,
                "upstream_lost",
                "The upstream was lost in mid-response. The session goes on with another one; ask for the response again.");
        if (cut.asked().isEmpty()) {
            seat.tell(RejectionMapper.errorEvent(lost, ids.next(), null));
        }
        for (String asked : cut.asked()) {
            seat.tell(RejectionMapper.errorEvent(lost, ids.next(), asked.isEmpty() ? null : asked));
        }
        cut.running().forEach(id -> seat.tell(BrokerEvents.responseLost(ids.next(), id)));
    }

    @SuppressWarnings("ReferenceEquality") // one attempt or another
    private void fail(Attempt failed, String code) {
        if (attempt != failed) {
            return;
        }
        attempt = null;
        report.notReplaced(code);
        LegEnd lostBy = failed.lostBy;
        if (lostBy == null) {
            dueIn(RETRY);
            seat.resume();
        } else {
            stop();
            seat.vacant(lostBy);
        }
    }
}
