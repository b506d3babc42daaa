package dev.parley.session;

import dev.parley.domain.Charge;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.Refusal;
import dev.parley.quota.Reservation;
import dev.parley.quota.SessionPermit;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A budget in memory that keeps {@code spent + reserved <= limit}, and counts what is open. */
final class FakeBudget implements SessionPermit {
    private long limit;
    private long spent;
    private long reserved;
    private int open;
    private int releases;
    private int recorded;
    private final List<Runnable> yields = new ArrayList<>();
    /** When set, decisions wait for it. */
    private @Nullable Promise<Void> delay;

    FakeBudget(NanoUsd limit) {
        this.limit = limit.value();
    }

    NanoUsd spent() {
        return new NanoUsd(spent);
    }

    NanoUsd reserved() {
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
            return new ReserveDecision.Refused(
                    Refusal.of(Refusal.Kind.BUDGET_EXHAUSTED, "budget_exhausted", "the budget is used up"));
        }
        Money money = new Money(worst.total((int) tokens).value());
        return new ReserveDecision.Reserved(money, (int) tokens);
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
        public Future<Boolean> extend(NanoUsd more, long moreTokens) {
            if (more.value() > limit - spent - reserved) {
                return Future.succeededFuture(false);
            }
            amount += more.value();
            reserved += more.value();
            return Future.succeededFuture(true);
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
