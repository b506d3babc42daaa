package dev.parley.tenancy;

import dev.parley.domain.TenantId;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The origins as they stand in the store, read again every {@link #INTERVAL} on a virtual thread of its own. While the store
 * cannot be read, what was read last stands. Readers never block.
 */
public final class CurrentOrigins implements OriginBook, AutoCloseable {
    static final Duration INTERVAL = Duration.ofSeconds(5);
    private static final Logger LOGGER = LoggerFactory.getLogger(CurrentOrigins.class);

    private final Supplier<Map<TenantId, Set<String>>> reader;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofVirtual().name("origins").factory());
    private volatile Map<TenantId, Set<String>> snapshot;

    /** Reads the first snapshot at once. Blocks, and fails as {@code reader} does. */
    public CurrentOrigins(Supplier<Map<TenantId, Set<String>>> reader) {
        this.reader = reader;
        this.snapshot = reader.get();
        var _ = timer.scheduleWithFixedDelay(
                this::refresh, INTERVAL.toMillis(), INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public boolean allows(TenantId tenant, String origin) {
        Set<String> listed = snapshot.get(tenant);
        return listed == null || listed.isEmpty() || listed.contains(origin);
    }

    @Override
    public boolean isListed(String origin) {
        return snapshot.values().stream().anyMatch(listed -> listed.contains(origin));
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }

    private void refresh() {
        try {
            snapshot = reader.get();
        } catch (RuntimeException e) {
            LOGGER.atWarn()
                    .addKeyValue("cause", e.getMessage())
                    .log("origins cannot be read now; the last known stand");
        }
    }
}
