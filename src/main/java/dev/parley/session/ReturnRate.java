package dev.parley.session;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How often clients may come back to one session: each return can cost a look through its backlog and all of it on the wire.
 * {@link #BURST} at once, then one a second. Thread-safe.
 */
final class ReturnRate {
    static final int BURST = 20;
    private static final long EVERY_NANOS = Duration.ofSeconds(1).toNanos();

    /** When all of the burst is there again. */
    private final AtomicLong fullAt;

    ReturnRate(long nowNanos) {
        this.fullAt = new AtomicLong(nowNanos);
    }

    /** Whether somebody may come back now; counts it if so. */
    boolean take(long nowNanos) {
        long before = fullAt.get();
        long after = Math.max(0, before - nowNanos) + nowNanos + EVERY_NANOS;
        return after - nowNanos <= BURST * EVERY_NANOS && fullAt.compareAndSet(before, after);
    }
}
