package dev.parley.relay;

/** A token bucket with a burst of two seconds' worth; filled by the sweep. One event loop. */
final class RateBucket {
    private final int perSecond;
    private double tokens;
    private long filledAt;

    RateBucket(int perSecond, long now) {
        this.perSecond = perSecond;
        this.tokens = 2.0 * perSecond;
        this.filledAt = now;
    }

    boolean take() {
        return tokens-- >= 1;
    }

    void fill(long now) {
        tokens = Math.min(2.0 * perSecond, Math.max(0, tokens) + perSecond * ((now - filledAt) / 1e9));
        filledAt = now;
    }
}
