package dev.parley.session;

import dev.parley.domain.Charge;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.Refusal;
import dev.parley.quota.Reservation;
import dev.parley.quota.SessionPermit;
import dev.parley.tenancy.Tenant;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A budget in memory that keeps {@code spent + reserved <= limit}, and counts what is open. */
final class FakeBudget implements SessionPermit {
    private long limit;
    private long spent;
    private long reserved;
    private int open;
    private int releases;
    private int recorded;
    private int renewals;
    private boolean refusesRenewal;
    private @Nullable Long audioLeft;
    private @Nullable Tenant heard;
    private List<RateLimit> rateLimits = List.of();
    private final List<Runnable> yields = new ArrayList<>();
    /** When set, decisions wait for it. */
    private @Nullable Promise<Void> delay;

    FakeBudget(NanoUsd limit) {
        this.limit = limit.value();
    }

    NanoUsd spent() {
        return new NanoUsd(spent);
    }

    @Override
    public NanoUsd reserved() {
        return new NanoUsd(reserved);
    }

    int openReservations() {
        return open;
    }

    int releases() {
        return releases;
    }

    void limit(NanoUsd other) {
        limit = other.value();
    }

    /** Settled reservations whose entry was committed. */
    int recorded() {
        return recorded;
    }

    /** Asks for what is idle, as if others needed it. */
    void recall() {
        List.copyOf(yields).forEach(Runnable::run);
    }

    Promise<Void> delayDecisions() {
        Promise<Void> promise = Promise.promise();
        delay = promise;
        return promise;
    }

    @Override
    public Future<ReserveDecision> reserve(WorstCase worstCase) {
        Promise<Void> wait = delay;
        return wait == null
                ? Future.succeededFuture(decide(worstCase))
                : wait.future().map(_ -> decide(worstCase));
    }

    private ReserveDecision decide(WorstCase worst) {
        long free = limit - spent - reserved;
        long per = worst.perOutputToken().value();
        long tokens = worst.outputTokensMax();
        if (per > 0) {
            tokens = Math.min(tokens, (free - worst.fixed().value()) / per);
        }
        if (free < worst.fixed().value() || tokens < worst.outputTokensMin()) {
            return new ReserveDecision.Refused(usedUp());
        }
        Money money = new Money(worst.total((int) tokens).value());
        return new ReserveDecision.Reserved(money, (int) tokens);
    }

    private static Refusal usedUp() {
        return Refusal.of(Refusal.Kind.BUDGET_EXHAUSTED, "budget_exhausted", "the budget is used up");
    }

    /** Audio is counted, and this much is left. */
    void audioLeft(long millis) {
        audioLeft = millis;
    }

    void rateLimits(RateLimit... limits) {
        rateLimits = List.of(limits);
    }

    /** Limits that have renewed have nothing left. */
    void refuseRenewals() {
        refusesRenewal = true;
    }

    int renewals() {
        return renewals;
    }

    /** The tenant's settings that the session has passed on last. */
    @Nullable
    Tenant heard() {
        return heard;
    }

    @Override
    public Future<Optional<Refusal>> countAudio(long millis) {
        long left = audioLeft == null ? Long.MAX_VALUE : audioLeft;
        if (millis > left) {
            return Future.succeededFuture(
                    Optional.of(Refusal.of(Refusal.Kind.RATE_LIMITED, "rate_limit_exceeded", "no more audio today")));
        }
        audioLeft = left - millis;
        return Future.succeededFuture(Optional.empty());
    }

    @Override
    public boolean countsAudio() {
        return audioLeft != null;
    }

    @Override
    public void hear(Tenant tenant) {
        heard = tenant;
    }

    @Override
    public List<RateLimit> rateLimits() {
        return rateLimits;
    }

    @Override
    public void release() {
        releases++;
    }

    private final class Money implements Reservation {
        private long amount;
        private boolean ended;

        Money(long amount) {
            this.amount = amount;
            reserved += amount;
            open++;
        }

        @Override
        public NanoUsd amount() {
            return new NanoUsd(amount);
        }

        @Override
        public int period() {
            return 202_611;
        }

        @Override
        public Instant reservedAt() {
            return Instant.parse("2026-11-21T10:00:00Z");
        }

        @Override
        public Future<Optional<Refusal>> extend(NanoUsd more, long moreTokens) {
            if (more.value() > limit - spent - reserved) {
                return Future.succeededFuture(Optional.of(usedUp()));
            }
            amount += more.value();
            reserved += more.value();
            return Future.succeededFuture(Optional.empty());
        }

        @Override
        public Future<Optional<Refusal>> renew() {
            renewals++;
            return Future.succeededFuture(refusesRenewal ? Optional.of(usedUp()) : Optional.empty());
        }

        @Override
        public void idle(Runnable yield) {
            yields.add(yield);
        }

        @Override
        public void busy() {
            yields.clear();
        }

        @Override
        public Settled settle(NanoUsd cost, long tokens) {
            end(cost.value());
            return new Settled() {
                @Override
                public List<Charge> charges() {
                    return List.of();
                }

                @Override
                public void recorded() {
                    recorded++;
                }
            };
        }

        @Override
        public void release() {
            end(0);
        }

        private void end(long cost) {
            if (ended) {
                throw new IllegalStateException("a reservation ended twice");
            }
            ended = true;
            open--;
            reserved -= amount;
            spent += cost;
        }
    }
}
