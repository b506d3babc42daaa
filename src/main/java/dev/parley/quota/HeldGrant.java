package dev.parley.quota;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * This node's grant of one budget window, as the node knows it: never more than the database has. Reservations are made in
 * it without a lock and without asking anybody: each change is one compare-and-set of an immutable balance, so
 * {@code spent + reserved <= granted} holds for all threads at once. Thread-safe, but for the fields of the keeper.
 */
final class HeldGrant {
    private final Unit unit;
    private final boolean hard;
    private final long balance;
    private final long id;
    private final long epoch;
    private final @Nullable Long windowEnd;
    private final AtomicReference<Amounts> amounts;
    private final AtomicLong unrecorded = new AtomicLong();
    private volatile long validUntil;
    private volatile long lastUsed;

    /** Of the keeper's thread: the number of the last round that was heard of; null if one's outcome is not known. */
    @Nullable
    Long seq;

    /** Of the keeper's thread: what the last round told. */
    long over;

    boolean wanted;
    /** Of the keeper's thread: what was spent when the last round was made, for the rate. */
    long spentBefore;

    long roundNanos;

    /** @param now on the monotonic clock, before the grant was asked for */
    HeldGrant(Limit limit, long epoch, GrantStore.Answer answer, long now, long validUntil) {
        this.unit = limit.unit();
        this.hard = limit.hard();
        this.epoch = epoch;
        this.balance = answer.balance();
        this.id = answer.grant();
        this.windowEnd = answer.windowMillis() == null ? null : now + answer.windowMillis() * 1_000_000;
        this.amounts = new AtomicReference<>(new Amounts(answer.granted(), answer.settled(), 0, false));
        this.validUntil = validUntil;
        this.lastUsed = now;
        this.roundNanos = now;
        this.seq = answer.seq();
        this.spentBefore = answer.settled();
    }

    /**
     * @param granted what may be spent in all
     * @param closed whether nothing may be reserved any more
     */
    record Amounts(long granted, long spent, long reserved, boolean closed) {
        long free() {
            return granted - spent - reserved;
        }
    }

    Unit unit() {
        return unit;
    }

    long balance() {
        return balance;
    }

    long id() {
        return id;
    }

    long epoch() {
        return epoch;
    }

    Amounts amounts() {
        return Objects.requireNonNull(amounts.get());
    }

    long lastUsed() {
        return lastUsed;
    }

    boolean windowOver(long now) {
        return windowEnd != null && now - windowEnd >= 0;
    }

    /** Whether it may be reserved in now. */
    boolean usable(long now) {
        return now - validUntil < 0 && !windowOver(now) && !amounts().closed();
    }

    /** What can be reserved now; a soft one never ends. */
    long free(long now) {
        if (!usable(now)) {
            return -1;
        }
        return hard ? amounts().free() : Long.MAX_VALUE;
    }

    /** Sets {@code amount} aside; nothing can always be set aside while the grant is usable. */
    boolean reserve(long amount, long now) {
        if (!usable(now)) {
            return false;
        }
        while (true) {
            Amounts have = amounts();
            if (have.closed() || (hard && amount > 0 && amount > have.free())) {
                return false;
            }
            Amounts next = new Amounts(have.granted(), have.spent(), have.reserved() + amount, false);
            if (amounts.compareAndSet(have, next)) {
                lastUsed = now;
                return true;
            }
        }
    }

    /** Ends a reservation: {@code amount} is free again and {@code used} is spent. */
    void settle(long amount, long used, long now) {
        if (unit.ledgered()) {
            unrecorded.addAndGet(used); // first: who sees nothing reserved any more must see this
        }
        lastUsed = now;
        change(have -> new Amounts(
                have.granted(), Math.addExact(have.spent(), used), have.reserved() - amount, have.closed()));
    }

    /** The ledger row of a settled reservation is there. */
    void recorded(long used) {
        unrecorded.addAndGet(-used);
    }

    void grow(long more) {
        change(have -> new Amounts(have.granted() + more, have.spent(), have.reserved(), have.closed()));
    }

    /** Takes free money out, up to {@code most}; it is the caller's to give back. */
    long takeOut(long most) {
        while (true) {
            Amounts have = amounts();
            long out = Math.min(most, have.free());
            if (out <= 0) {
                return 0;
            }
            if (amounts.compareAndSet(
                    have, new Amounts(have.granted() - out, have.spent(), have.reserved(), have.closed()))) {
                return out;
            }
        }
    }

    /** Closes it if nothing is reserved and nothing awaits its ledger row; true if it is closed now. */
    boolean close() {
        Amounts have = amounts();
        if (have.reserved() != 0 || unrecorded.get() != 0) {
            return false;
        }
        return have.closed()
                || amounts.compareAndSet(have, new Amounts(have.granted(), have.spent(), have.reserved(), true));
    }

    void renewed(long until) {
        validUntil = until;
    }

    private void change(UnaryOperator<Amounts> step) {
        amounts.updateAndGet(step);
    }
}
