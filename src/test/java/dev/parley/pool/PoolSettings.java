package dev.parley.pool;

import dev.parley.config.PoolConfig;
import java.time.Duration;
import java.util.Set;

/** A pool's settings for tests, as a person would change them one by one. */
public final class PoolSettings {
    int warmMin = 2;
    int warmMax = 20;
    Set<String> warmModels = Set.of();
    Duration warmLifetime = Duration.ofMinutes(5);
    Duration forgetAfter = Duration.ofMinutes(10);
    int connectsMax = 100;
    Duration acquireTimeout = Duration.ofSeconds(2);
    Duration checkAfter = Duration.ofSeconds(30);
    Duration checkTimeout = Duration.ofSeconds(2);
    int tenantSessionsMax = 1_000;
    int tenantWaitingMax = 1_000;
    int reservePercent;
    Duration reserveAfter = Duration.ofSeconds(1);

    /** Nothing is kept warm: each session has its upstream opened when it comes. */
    public static PoolConfig onDemand() {
        PoolSettings settings = new PoolSettings();
        settings.warmMin = 0;
        settings.warmMax = 0;
        settings.acquireTimeout = Duration.ofSeconds(5);
        return settings.config();
    }

    PoolConfig config() {
        return new PoolConfig(
                warmMin,
                warmMax,
                warmModels,
                warmLifetime,
                forgetAfter,
                connectsMax,
                acquireTimeout,
                checkAfter,
                checkTimeout,
                tenantSessionsMax,
                tenantWaitingMax,
                reservePercent,
                reserveAfter);
    }
}
