package dev.parley.administration;

import dev.parley.concurrent.Ticker;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** How often an address may try to sign in: {@link #BURST} at once, then one in {@link #EVERY}. Bounded. Thread-safe. */
final class Attempts {
    static final int BURST = 10;
    static final Duration EVERY = Duration.ofSeconds(6);
    private static final int ADDRESSES_MAX = 10_000;

    private final Ticker ticker;
    /** For each address, until when its tries are used up, on the monotonic clock. */
    private final Map<String, Long> usedUntil = new ConcurrentHashMap<>();

    Attempts(Ticker ticker) {
        this.ticker = ticker;
    }

    /** Counts a try; says how long to wait if there are too many. */
    Optional<Duration> count(String address) {
        long now = ticker.nanos();
        if (usedUntil.size() >= ADDRESSES_MAX) {
            usedUntil.values().removeIf(until -> until - now <= 0);
            if (usedUntil.size() >= ADDRESSES_MAX) {
                return Optional.of(EVERY);
            }
        }
        long most = now + EVERY.toNanos() * BURST;
        long[] wait = {0};
        usedUntil.compute(address, (_, until) -> {
            long next = (until == null || until - now < 0 ? now : until) + EVERY.toNanos();
            wait[0] = next - most;
            return wait[0] > 0 ? until : Long.valueOf(next);
        });
        return wait[0] > 0 ? Optional.of(Duration.ofNanos(wait[0])) : Optional.empty();
    }
}
