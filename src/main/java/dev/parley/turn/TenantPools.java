package dev.parley.turn;

import dev.parley.concurrent.Ticker;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.upstream.UpstreamConnector;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import java.util.random.RandomGenerator;

/**
 * One tenant's shared upstream sessions on one event loop, by shape, and what of that loop the tenant may take: so many
 * upstream sessions, so many responses that wait for one, so many bytes of their requests. On that loop.
 */
final class TenantPools {
    private final Vertx vertx;
    private final UpstreamConnector connector;
    private final TurnLimits limits;
    private final Ticker ticker;
    private final RandomGenerator random;
    private final IntConsumer changed;
    private final Map<Shape, ShapePool> pools = new HashMap<>();
    private int upstreams;
    private int waiting;
    private long waitingBytes;

    /** @param changed hears by how much the number of upstream sessions has changed */
    TenantPools(
            Vertx vertx,
            UpstreamConnector connector,
            TurnLimits limits,
            Ticker ticker,
            RandomGenerator random,
            IntConsumer changed) {
        this.vertx = vertx;
        this.connector = connector;
        this.limits = limits;
        this.ticker = ticker;
        this.random = random;
        this.changed = changed;
    }

    void run(Shape shape, ResponseOwner owner) {
        pools.computeIfAbsent(shape, key -> new ShapePool(vertx, connector, key, limits, ticker, random, this))
                .run(owner);
    }

    /** Whether one more response with a request of this size may wait; it is counted then. */
    boolean joinWaiting(int bytes) {
        if (waiting >= limits.waitingMax() || waitingBytes + bytes > limits.waitingBytesMax()) {
            return false;
        }
        waiting++;
        waitingBytes += bytes;
        return true;
    }

    void leaveWaiting(int bytes) {
        waiting--;
        waitingBytes -= bytes;
    }

    /** A place for one more upstream session. At the cap another shape has to let one go. */
    boolean claim(ShapePool pool) {
        if (size() >= limits.upstreamsMax() || upstreams >= limits.upstreamsOpenMax()) {
            makeRoom(pool);
            return false;
        }
        upstreams++;
        changed.accept(1);
        return true;
    }

    void giveBack() {
        upstreams--;
        all().forEach(ShapePool::fill);
        pools.values().removeIf(ShapePool::isEmpty);
        changed.accept(-1);
    }

    boolean isEmpty() {
        return pools.isEmpty();
    }

    /** Lets everything go as soon as it runs nothing. */
    void close() {
        all().forEach(ShapePool::retireAll);
    }

    /** A shape that has none gets the place of one of the shape that has most. */
    private void makeRoom(ShapePool poor) {
        if (poor.size() == 0) {
            all().stream().max(Comparator.comparingInt(ShapePool::size)).ifPresent(ShapePool::retireOne);
        }
    }

    /** Those that take responses or soon will. */
    private int size() {
        return all().stream().mapToInt(ShapePool::size).sum();
    }

    private List<ShapePool> all() {
        return List.copyOf(pools.values());
    }

    static Refusal crowded() {
        return Refusal.of(
                        Kind.RATE_LIMITED,
                        "too_many_responses",
                        "Too many responses of this tenant run at once. Please try again.")
                .retryAfter(Duration.ofSeconds(1));
    }
}
