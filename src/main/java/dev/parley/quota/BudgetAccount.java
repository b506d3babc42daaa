package dev.parley.quota;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/**
 * What one tenant has spent and set aside in one window, in nano-dollars. Lock-free and thread-safe: each change is one
 * compare-and-set of an immutable balance, so a reservation is made only while {@code spent + reserved + amount <= limit}
 * holds for all threads at once.
 */
final class BudgetAccount {
    private final BudgetWindow window;
    private final AtomicReference<Balance> balance;

    BudgetAccount(BudgetWindow window, long spent) {
        this.window = window;
        this.balance = new AtomicReference<>(new Balance(spent, 0, false));
    }

    BudgetWindow window() {
        return window;
    }

    Balance balance() {
        return Objects.requireNonNull(balance.get());
    }

    /** Sets {@code amount} aside if it is still free under {@code limit} and the account is open. */
    boolean reserve(long amount, long limit) {
        while (true) {
            Balance now = balance();
            if (now.closed() || amount > now.free(limit)) {
                return false;
            }
            if (balance.compareAndSet(now, new Balance(now.spent(), now.reserved() + amount, false))) {
                return true;
            }
        }
    }

    /** Ends a reservation: {@code amount} is free again and {@code cost} is spent. */
    void settle(long amount, long cost) {
        while (true) {
            Balance now = balance();
            Balance next = new Balance(plus(now.spent(), cost), now.reserved() - amount, now.closed());
            if (balance.compareAndSet(now, next)) {
                return;
            }
        }
    }

    /** Takes no further reservations; those that are open end here all the same. */
    Balance close() {
        while (true) {
            Balance now = balance();
            Balance last = new Balance(now.spent(), now.reserved(), true);
            if (balance.compareAndSet(now, last)) {
                return last;
            }
        }
    }

    /** Saturated: a budget that is overdrawn beyond all bounds is still only overdrawn. */
    private static long plus(long spent, long cost) {
        long sum = spent + cost;
        return cost > 0 && sum < spent ? Long.MAX_VALUE : sum;
    }

    private static long minus(long money, long amount) {
        long rest = money - amount;
        return amount > 0 && rest > money ? Long.MIN_VALUE : rest;
    }

    /**
     * @param spent can be below zero when the ledger's adjustments outweigh its usage: that adds nothing to the limit
     * @param closed whether another account has taken over
     */
    record Balance(long spent, long reserved, boolean closed) {
        /** What can still be reserved; negative when a cost was above its reservation, or the limit was lowered. */
        long free(long limit) {
            return minus(minus(limit, Math.max(0, spent)), reserved);
        }
    }
}
