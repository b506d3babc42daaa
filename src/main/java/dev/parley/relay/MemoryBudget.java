package dev.parley.relay;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The bytes of unfinished and held messages that one node may keep, over all its legs. The first {@link #FREE_BYTES} of a
 * leg are not counted, so that ordinary messages never meet the budget and never touch the shared counter. Thread-safe.
 */
final class MemoryBudget {
    /** What every leg may hold without asking. */
    static final int FREE_BYTES = 64 << 10;

    private final long max;
    private final AtomicLong taken = new AtomicLong();

    MemoryBudget(long max) {
        this.max = max;
    }

    /** Whether the bytes were granted. */
    boolean take(long bytes) {
        return takeWithin(bytes, max);
    }

    /** The same for somebody who may not take the last of it: whether all that is taken stays within {@code most}. */
    boolean takeWithin(long bytes, long most) {
        if (taken.addAndGet(bytes) <= Math.min(most, max)) {
            return true;
        }
        taken.addAndGet(-bytes);
        return false;
    }

    void give(long bytes) {
        taken.addAndGet(-bytes);
    }

    long taken() {
        return taken.get();
    }
}
