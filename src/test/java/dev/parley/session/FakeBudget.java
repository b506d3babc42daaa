package dev.parley.session;

import dev.parley.domain.NanoUsd;
import dev.parley.domain.Refusal;
import dev.parley.quota.Reservation;
import dev.parley.quota.SessionPermit;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import org.jspecify.annotations.Nullable;

/** A budget in memory that keeps {@code spent + reserved <= limit}, and counts what is open. */
final class FakeBudget implements SessionPermit {
    private long limit;
    private long spent;
    private long reserved;
    private int open;
    private int releases;
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
        public boolean extend(NanoUsd more) {
            if (more.value() > limit - spent - reserved) {
                return false;
            }
            amount += more.value();
            reserved += more.value();
            return true;
        }

        @Override
        public void settle(NanoUsd cost) {
            end(cost.value());
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
