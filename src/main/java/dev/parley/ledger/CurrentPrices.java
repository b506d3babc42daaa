package dev.parley.ledger;

import dev.parley.domain.ModelName;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The price book as it stands in the store, read again every {@link #INTERVAL} on a virtual thread of its own. While the
 * store cannot be read, the last snapshot stands. Readers never block.
 */
public final class CurrentPrices implements PriceBook, AutoCloseable {
    static final Duration INTERVAL = Duration.ofSeconds(10);
    private static final Logger LOGGER = LoggerFactory.getLogger(CurrentPrices.class);

    private final Supplier<PriceCatalogue> reader;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofVirtual().name("prices").factory());
    private volatile PriceCatalogue snapshot;

    /** Reads the first snapshot at once. Blocks, and fails as {@code reader} does. */
    public CurrentPrices(Supplier<PriceCatalogue> reader) {
        this.reader = reader;
        this.snapshot = reader.get();
        var _ = timer.scheduleWithFixedDelay(
                this::refresh, INTERVAL.toMillis(), INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public Optional<PricedModel> find(ModelName model, Instant at) {
        return snapshot.find(model, at);
    }

    @Override
    public Collection<PricedModel> models(Instant at) {
        return snapshot.models(at);
    }

    @Override
    public ModelName resolve(ModelName asked) {
        return snapshot.resolve(asked);
    }

    @Override
    public Set<ModelName> aliasesOf(ModelName model) {
        return snapshot.aliasesOf(model);
    }

    @Override
    public Optional<Known> known(ModelName model) {
        return snapshot.known(model);
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }

    private void refresh() {
        try {
            snapshot = reader.get();
        } catch (RuntimeException e) {
            LOGGER.atWarn().addKeyValue("cause", e.getMessage()).log("prices cannot be read now; the last known stand");
        }
    }
}
