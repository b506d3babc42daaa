package dev.parley.pool;

import java.time.Duration;

/**
 * Keeps a pool from filling up again at once where warm sessions do not last: a provider that ends them after seconds would
 * otherwise be connected to without end. Used on one event loop.
 */
final class FillPause {
    private static final long YOUNG_NANOS = Duration.ofSeconds(10).toNanos();
    private static final long FIRST_NANOS = Duration.ofSeconds(1).toNanos();
    private static final int DOUBLINGS_MAX = 6;

    private int strikes;
    private long until;

    /** A warm session ended by itself, having been warm since then. */
    void lost(long since, long now) {
        if (now - since < YOUNG_NANOS && isOver(now)) {
            until = now + (FIRST_NANOS << Math.min(strikes++, DOUBLINGS_MAX));
        }
    }

    /** A warm session lasted until it was needed. */
    void served() {
        strikes = 0;
    }

    boolean isOver(long now) {
        return strikes == 0 || now - until >= 0;
    }
}
