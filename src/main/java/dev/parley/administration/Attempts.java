package dev.parley.administration;

import dev.parley.concurrent.Ticker;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How often an address may try to sign in: some times at once, then one in a while. Of IPv6 the network of 64 bits counts,
 * which is the least that anybody has. Bounded. Thread-safe.
 */
final class Attempts {
    private static final int ADDRESSES_MAX = 10_000;
    private static final int IPV6_BYTES = 16;
    private static final int NETWORK_BYTES = 8;

    private final int burst;
    private final Duration every;
    private final Ticker ticker;
    /** For each address, until when its tries are used up, on the monotonic clock. */
    private final Map<String, Long> usedUntil = new ConcurrentHashMap<>();

    Attempts(int burst, Duration every, Ticker ticker) {
        this.burst = burst;
        this.every = every;
        this.ticker = ticker;
    }

    /** Counts a try; says how long to wait if there are too many. */
    Optional<Duration> count(String from) {
        String address = network(from);
        long now = ticker.nanos();
        if (usedUntil.size() >= ADDRESSES_MAX) {
            usedUntil.values().removeIf(until -> until - now <= 0);
            if (usedUntil.size() >= ADDRESSES_MAX) {
                return Optional.of(every);
            }
        }
        long most = now + every.toNanos() * burst;
        long[] wait = {0};
        usedUntil.compute(address, (_, until) -> {
            long next = (until == null || until - now < 0 ? now : until) + every.toNanos();
            wait[0] = next - most;
            return wait[0] > 0 ? until : Long.valueOf(next);
        });
        return wait[0] > 0 ? Optional.of(Duration.ofNanos(wait[0])) : Optional.empty();
    }

    private static String network(String address) {
        if (address.indexOf(':') < 0) {
            return address;
        }
        try {
            byte[] bits = InetAddress.ofLiteral(address).getAddress();
            return bits.length == IPV6_BYTES ? HexFormat.of().formatHex(bits, 0, NETWORK_BYTES) : address;
        } catch (IllegalArgumentException _) {
            return address;
        }
    }
}
