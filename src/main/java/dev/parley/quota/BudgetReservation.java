package dev.parley.quota;

import dev.parley.domain.NanoUsd;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** Money set aside in one account. Thread-safe; whichever of settle and release comes first ends it. */
final class BudgetReservation implements Reservation {
    private static final long ENDED = -1;

    private final BudgetAccount account;
    private final LongSupplier limit;
    private final int period;
    private final AtomicLong amount;

    /** @param limit the tenant's budget now, which may change while the work runs */
    BudgetReservation(BudgetAccount account, LongSupplier limit, int period, long amount) {
        this.account = account;
        this.limit = limit;
        this.period = period;
        this.amount = new AtomicLong(amount);
    }

    @Override
    public NanoUsd amount() {
        return new NanoUsd(Math.max(0, amount.get()));
    }

    @Override
    public int period() {
        return period;
    }

    @Override
    public boolean extend(NanoUsd more) {
        requireNotNegative(more);
        if (amount.get() == ENDED || !account.reserve(more.value(), limit.getAsLong())) {
            return false;
        }
        long now = amount.get();
        while (now != ENDED) {
            if (amount.compareAndSet(now, now + more.value())) {
                return true;
            }
            now = amount.get();
        }
        account.settle(more.value(), 0); // it ended meanwhile
        return false;
    }

    @Override
    public void settle(NanoUsd cost) {
        requireNotNegative(cost);
        end(cost.value());
    }

    @Override
    public void release() {
        end(0);
    }

    private void end(long cost) {
        long reserved = amount.getAndSet(ENDED);
        if (reserved != ENDED) {
            account.settle(reserved, cost);
        }
    }

    private static void requireNotNegative(NanoUsd money) {
        if (money.isNegative()) {
            throw new IllegalArgumentException("negative amount " + money);
        }
    }
}
