package dev.parley.turn;

import dev.parley.concurrent.Ticker;
import dev.parley.domain.TenantId;
import dev.parley.upstream.UpstreamConnector;
import io.vertx.core.Vertx;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;

/** The shared upstream sessions of one event loop, by tenant. On that loop, but for {@link #open()}. */
final class LoopUpstreams {
    private final Vertx vertx;
    private final UpstreamConnector connector;
    private final TurnLimits limits;
    private final Ticker ticker;
    private final RandomGenerator random;
    private final Map<TenantId, TenantPools> tenants = new HashMap<>();
    private final AtomicInteger open = new AtomicInteger();

    LoopUpstreams(Vertx vertx, UpstreamConnector connector, TurnLimits limits, Ticker ticker, RandomGenerator random) {
        this.vertx = vertx;
        this.connector = connector;
        this.limits = limits;
        this.ticker = ticker;
        this.random = random;
    }

    TurnLimits limits() {
        return limits;
    }

    /** Runs a response as soon as there is a place for it; {@link ResponseOwner#unavailable} if there is none in time. */
    void run(Shape shape, ResponseOwner owner) {
        tenants.computeIfAbsent(shape.tenant(), this::pools).run(shape, owner);
    }

    int open() {
        return open.get();
    }

    /** Lets everything go as soon as it runs nothing. */
    void close() {
        List.copyOf(tenants.values()).forEach(TenantPools::close);
    }

    private TenantPools pools(TenantId tenant) {
        return new TenantPools(vertx, connector, limits, ticker, random, change -> changed(tenant, change));
    }

    private void changed(TenantId tenant, int change) {
        open.addAndGet(change);
        TenantPools pools = tenants.get(tenant);
        if (pools != null && pools.isEmpty()) {
            tenants.remove(tenant);
        }
    }
}
