package dev.parley.webhook;

import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * When to try again: after 10 s, 30 s, 90 s and so on up to 6 h, each a fifth shorter or longer at random, so that what
 * failed together does not come back together. {@value #ATTEMPTS_MAX} tries take a little more than a day.
 */
final class Backoff {
    static final int ATTEMPTS_MAX = 12;
    private static final long FIRST_MILLIS = 10_000;
    private static final long MAX_MILLIS = Duration.ofHours(6).toMillis();
    private static final int FACTOR = 3;
    private static final double JITTER = 0.2;

    private Backoff() {}

    /** @return how long to wait after this many failed tries; empty: no longer */
    static Optional<Duration> after(int attempts, RandomGenerator random) {
        if (attempts >= ATTEMPTS_MAX) {
            return Optional.empty();
        }
        long millis = FIRST_MILLIS;
        for (int i = 1; i < attempts && millis < MAX_MILLIS; i++) {
            millis *= FACTOR;
        }
        double share = random.nextDouble(1 - JITTER, 1 + JITTER);
        return Optional.of(Duration.ofMillis(Math.round(Math.min(millis, MAX_MILLIS) * share)));
    }
}
