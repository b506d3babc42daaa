package dev.parley.pool;

import dev.parley.concurrent.Ticker;
import dev.parley.config.AccountConfig;
import dev.parley.config.PoolConfig;
import dev.parley.domain.ModelName;
import dev.parley.domain.TenantId;
import dev.parley.upstream.Account;
import dev.parley.upstream.Accounts;
import dev.parley.upstream.UpstreamConnector.Outcome;
import dev.parley.upstream.UpstreamConnector.Target;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * The pools of one event loop. Everything here happens on that loop; only {@link #isStarved} and {@link #published} are for
 * others. What loops share is counted in {@link Account} and {@link TenantCounts}; when a loop frees what another waits
 * for, it tells the {@link Neighbours}.
 */
final class LoopPool {
    /** How often {@link #tick} is to be called. */
    static final Duration TICK = Duration.ofMillis(50);

    private static final long HOUSEKEEPING_NANOS = Duration.ofSeconds(1).toNanos();
    private static final long SWEEP_NANOS = Duration.ofSeconds(10).toNanos();
    /** Longer than any closing handshake. */
    private static final Duration SWEEP_PATIENCE = Duration.ofSeconds(30);

    private final PoolConfig config;
    private final Accounts accounts;
    private final TenantCounts tenants;
    private final PoolEvents events;
    private final Ticker ticker;
    private final RandomGenerator random;
    private final Neighbours neighbours;
    private final Map<Target, ModelPool> pools = new LinkedHashMap<>();
    private long keptHouseAt;
    private long sweptAt;
    private boolean stopped;
    private int roomAsked;

    private volatile boolean starved;
    private volatile List<PoolSnapshot.ModelRow> published = List.of();

    /** The pools of the other loops, and the loop itself. */
    interface Neighbours {
        /** Runs a task on this loop, after what runs now. */
        void later(Runnable task);

        /** A place or a connection is free: whoever starves may try again. */
        void placeFreed();

        /** One of the others may have a warm session of this account to spare. */
        void needRoom(Account account);

        /** Whether somebody on another loop waits for a place or a connection. */
        boolean anyStarved();
    }

    LoopPool(
            PoolConfig config,
            Accounts accounts,
            TenantCounts tenants,
            PoolEvents events,
            Ticker ticker,
            RandomGenerator random,
            Neighbours neighbours) {
        this.config = config;
        this.accounts = accounts;
        this.tenants = tenants;
        this.events = events;
        this.ticker = ticker;
        this.random = random;
        this.neighbours = neighbours;
        this.keptHouseAt = ticker.nanos();
        this.sweptAt = keptHouseAt;
    }

    Future<Outcome> acquire(TenantId tenant, Target target) {
        Future<Outcome> outcome = pool(target).acquire(tenant);
        lookWhetherStarved();
        return outcome;
    }

    /** Begins to keep the models warm that the settings name. */
    void start() {
        for (String model : config.warmModels()) {
            pool(target(model)).pump();
        }
    }

    void tick() {
        long now = now();
        roomAsked = 0;
        List<ModelPool> all = List.copyOf(pools.values());
        all.forEach(pool -> pool.tick(now));
        if (now - keptHouseAt >= HOUSEKEEPING_NANOS) {
            keptHouseAt = now;
            all.forEach(pool -> pool.keepHouse(now));
            pools.values().removeIf(pool -> pool.isIdle(now));
            publish();
        }
        if (now - sweptAt >= SWEEP_NANOS) {
            sweptAt = now;
            all.forEach(pool -> pool.sweep(now, SWEEP_PATIENCE));
        }
        lookWhetherStarved();
    }

    /** Something that somebody may be waiting for is free. */
    void wake() {
        for (ModelPool pool : List.copyOf(pools.values())) {
            if (pool.isStarved()) {
                pool.pump();
            }
        }
        lookWhetherStarved();
    }

    /** Ends one warm session of this account; false if there is none to spare. */
    boolean giveUpOne(Account account) {
        for (ModelPool pool : List.copyOf(pools.values())) {
            if (pool.makeRoom(account)) {
                return true;
            }
        }
        return false;
    }

    void stop() {
        stopped = true;
        pools.values().forEach(ModelPool::stop);
    }

    /** Whether somebody waits here for a place or a connection. From any thread. */
    boolean isStarved() {
        return starved;
    }

    /** The state of at most a second ago. From any thread. */
    List<PoolSnapshot.ModelRow> published() {
        return published;
    }

    void publish() {
        long now = now();
        published = pools.values().stream().map(pool -> pool.snapshot(now)).toList();
    }

    // ---- for the pools

    long now() {
        return ticker.nanos();
    }

    PoolConfig config() {
        return config;
    }

    Accounts accounts() {
        return accounts;
    }

    TenantCounts tenants() {
        return tenants;
    }

    PoolEvents events() {
        return events;
    }

    RandomGenerator random() {
        return random;
    }

    void later(Runnable task) {
        neighbours.later(task);
    }

    void placeFreed() {
        wake();
        neighbours.placeFreed();
    }

    /** Somebody waits for {@code number} places of a full account: warm sessions nobody waits for are given up for them. */
    void needRoom(Account account, int number) {
        for (; roomAsked < number; roomAsked++) {
            if (!giveUpOne(account)) {
                neighbours.needRoom(account);
            }
        }
    }

    boolean anyoneStarved() {
        for (ModelPool pool : pools.values()) {
            if (pool.isStarved()) {
                return true;
            }
        }
        return neighbours.anyStarved();
    }

    private ModelPool pool(Target target) {
        ModelPool known = pools.get(target);
        if (known != null) {
            return known;
        }
        ModelPool pool = new ModelPool(
                this, target, new Demand(config, config.warmModels().contains(target.label())));
        pools.put(target, pool);
        if (stopped) {
            pool.stop();
        }
        return pool;
    }

    private void lookWhetherStarved() {
        boolean any = false;
        for (ModelPool pool : pools.values()) {
            any |= pool.isStarved();
        }
        starved = any;
    }

    private static Target target(String label) {
        return label.equals(AccountConfig.TRANSCRIPTION) ? new Target(null) : new Target(new ModelName(label));
    }
}
