package dev.parley.pool;

import dev.parley.config.PoolConfig;
import java.util.Arrays;

/**
 * How much a model is asked for, and so how many sessions to keep warm: as many as arrive while one is being connected
 * (Little's law), and twice the square root of that more, because half of all intervals see more than the mean. The rate
 * rises within seconds and falls over minutes. Used on one event loop.
 */
final class Demand {
    private static final double NANOS = 1e9;
    private static final double FAST_SECONDS = 10;
    private static final double SLOW_SECONDS = 300;
    private static final int HANDSHAKES = 64;
    private static final double NEGLIGIBLE = 0.1;
    private static final long HANDSHAKE_UNKNOWN = 500_000_000;

    private final PoolConfig config;
    private final boolean always;
    private final long[] handshakes = new long[HANDSHAKES];
    private int handshakesSeen;
    private boolean asked;
    private long askedAt;
    private long decayedAt;
    private double fast;
    private double slow;

    /** @param always whether it counts as asked for even if nobody does */
    Demand(PoolConfig config, boolean always) {
        this.config = config;
        this.always = always;
    }

    /** Somebody wants a session. */
    void asked(long now) {
        decay(now);
        asked = true;
        askedAt = now;
        fast += 1 / FAST_SECONDS;
        slow += 1 / SLOW_SECONDS;
    }

    /** A connection was opened, in so many nanoseconds. */
    void connected(long nanos) {
        handshakes[handshakesSeen++ % HANDSHAKES] = nanos;
    }

    /** Nanoseconds that 99 of 100 of the last connections took at most; half a second before the first. */
    long handshakeP99() {
        int known = Math.min(handshakesSeen, HANDSHAKES);
        if (known == 0) {
            return HANDSHAKE_UNKNOWN;
        }
        long[] sorted = Arrays.copyOf(handshakes, known);
        Arrays.sort(sorted);
        return sorted[(int) Math.ceil(known * 0.99) - 1];
    }

    /** Whether nobody has asked for long. */
    boolean isForgotten(long now) {
        return !always && (!asked || now - askedAt > config.forgetAfter().toNanos());
    }

    /** How many to keep warm. */
    int warm(long now) {
        if (isForgotten(now)) {
            return 0;
        }
        decay(now);
        double arriving = Math.max(fast, slow) * handshakeP99() / NANOS;
        int wanted = (int) Math.ceil(arriving + 2 * Math.sqrt(arriving) - NEGLIGIBLE);
        int least = Math.min(config.warmMin(), config.warmMax());
        return Math.clamp(wanted, least, config.warmMax());
    }

    private void decay(long now) {
        double seconds = (now - decayedAt) / NANOS;
        fast *= Math.exp(-seconds / FAST_SECONDS);
        slow *= Math.exp(-seconds / SLOW_SECONDS);
        decayedAt = now;
    }
}
