package dev.parley.tenancy;

import dev.parley.concurrent.Blocking;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.TenantId;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tenants that this node has asked for. While somebody follows the store's changes ({@link #renew}, {@link #followed}) an
 * answer stands until it changes. Otherwise it is a few seconds old at most: fresh for {@link #FRESH}; after that it is still given while one reader renews it in the background; after {@link #USABLE} the caller waits for the renewal,
 * {@link #PATIENCE} at most. While the store cannot be asked, or does not answer, the last known answer stands. Names without a tenant are remembered likewise. Bounded
 * by {@link #ENTRIES_MAX}. Thread-safe; one read at a time for each tenant.
 */
public final class CachedTenants implements TenantDirectory {
    static final Duration FRESH = Duration.ofSeconds(2);
    /** Two seconds under the promise: the time that a read may take. */
    static final Duration USABLE = Duration.ofSeconds(STALENESS_SECONDS_MAX - 2L);

    static final Duration PATIENCE = Duration.ofSeconds(1);
    static final Duration RETRY = Duration.ofSeconds(1);
    static final int ENTRIES_MAX = 10_000;
    private static final Logger LOGGER = LoggerFactory.getLogger(CachedTenants.class);

    private final Vertx vertx;
    private final Blocking blocking;
    private final TenantStore store;
    private final Ticker ticker;
    private final ConcurrentMap<TenantId, Known> known = new ConcurrentHashMap<>();
    private final ConcurrentMap<TenantId, Future<Optional<Tenant>>> reading = new ConcurrentHashMap<>();

    /** When the changes were last followed to the end. */
    private volatile long followedNanos;

    private final AtomicLong reads = new AtomicLong();

    public CachedTenants(Vertx vertx, Blocking blocking, TenantStore store, Ticker ticker) {
        this.vertx = vertx;
        this.blocking = blocking;
        this.store = store;
        this.ticker = ticker;
        this.followedNanos = ticker.nanos() - USABLE.toNanos();
    }

    @Override
    public Future<Optional<Tenant>> find(TenantId id) {
        Known answer = known.get(id);
        if (answer == null) {
            return onCallersContext(read(id));
        }
        long now = ticker.nanos();
        if (now - answer.readNanos() < FRESH.toNanos() || now - followedNanos < FRESH.toNanos()) {
            return Future.succeededFuture(answer.tenant());
        }
        if (now - answer.readNanos() < USABLE.toNanos() || answer.failedNanos() != null) {
            if (answer.failedNanos() == null || now - answer.failedNanos() >= RETRY.toNanos()) {
                read(id);
            }
            return Future.succeededFuture(answer.tenant());
        }
        return renewed(id, answer);
    }

    private Future<Optional<Tenant>> renewed(TenantId id, Known answer) {
        Promise<Optional<Tenant>> promise = Promise.promise();
        long timer = vertx.setTimer(PATIENCE.toMillis(), _ -> {
            rememberFailure(id, "no answer within " + PATIENCE.toMillis() + " ms");
            promise.tryComplete(answer.tenant());
        });
        onCallersContext(read(id)).onComplete(result -> {
            vertx.cancelTimer(timer);
            promise.tryComplete(result.succeeded() ? result.result() : answer.tenant());
        });
        return promise.future();
    }

    /**
     * Reads a changed tenant anew, if anybody here has asked for it. Blocks.
     *
     * @return whether it was read
     * @throws RuntimeException when the store cannot be asked now
     */
    public boolean renew(TenantId id) {
        if (!known.containsKey(id) && !reading.containsKey(id)) {
            return false;
        }
        long number = reads.incrementAndGet();
        remember(id, store.find(id), number);
        return true;
    }

    /** Every change that was committed at {@code nanos} of the monotonic clock has been renewed. */
    public void followed(long nanos) {
        followedNanos = nanos;
    }

    /** Names remembered now. */
    int size() {
        return known.size();
    }

    /** Reads under way. */
    int reading() {
        return reading.size();
    }

    /** Starts a read, or joins the one that is under way. */
    private Future<Optional<Tenant>> read(TenantId id) {
        Promise<Optional<Tenant>> promise = Promise.promise();
        Future<Optional<Tenant>> running = reading.putIfAbsent(id, promise.future());
        if (running != null) {
            return running;
        }
        long number = reads.incrementAndGet();
        blocking.call(() -> store.find(id)).onComplete(result -> {
            if (result.succeeded()) {
                remember(id, result.result(), number);
            } else {
                rememberFailure(id, String.valueOf(result.cause().getMessage()));
            }
            reading.remove(id);
            promise.handle(result);
        });
        return promise.future();
    }

    /** Of two reads that run at once the one that began later stands. */
    private void remember(TenantId id, Optional<Tenant> tenant, long number) {
        if (known.size() >= ENTRIES_MAX && !known.containsKey(id)) {
            long now = ticker.nanos();
            known.values().removeIf(entry -> now - entry.readNanos() > USABLE.toNanos());
            if (known.size() >= ENTRIES_MAX) {
                return;
            }
        }
        Known latest = new Known(tenant, number, ticker.nanos(), null);
        known.merge(id, latest, (old, mine) -> old.number() > mine.number() ? old : mine);
    }

    private void rememberFailure(TenantId id, String cause) {
        LOGGER.atWarn()
                .addKeyValue("tenant", id)
                .addKeyValue("cause", cause)
                .log("tenant cannot be read now; the last known settings stand");
        known.computeIfPresent(id, (_, old) -> new Known(old.tenant(), old.number(), old.readNanos(), ticker.nanos()));
    }

    private <T> Future<T> onCallersContext(Future<T> future) {
        if (future.isComplete()) {
            return future;
        }
        Context context = vertx.getOrCreateContext();
        Promise<T> promise = Promise.promise();
        future.onComplete(result -> context.runOnContext(_ -> promise.handle(result)));
        return promise.future();
    }

    /**
     * @param number counts the reads, from their beginnings
     * @param readNanos when the store said so
     * @param failedNanos when the last renewal failed; null if it did not
     */
    private record Known(
            Optional<Tenant> tenant,
            long number,
            long readNanos,
            @Nullable Long failedNanos) {}
}
