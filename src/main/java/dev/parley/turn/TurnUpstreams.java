package dev.parley.turn;

import dev.parley.concurrent.Ticker;
import dev.parley.upstream.UpstreamConnector;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;

/** The shared upstream sessions of this node: each event loop has its own, so that no response crosses threads. Thread-safe. */
public final class TurnUpstreams implements AutoCloseable {
    private final UpstreamConnector connector;
    private final TurnLimits limits;
    private final Ticker ticker;
    private final Map<Thread, Loop> loops = new ConcurrentHashMap<>();

    /** @param connector where upstream sessions come from: with its accounts, breakers, caps and queues */
    public TurnUpstreams(UpstreamConnector connector, TurnLimits limits, Ticker ticker) {
        this.connector = connector;
        this.limits = limits;
        this.ticker = ticker;
    }

    private record Loop(Context context, LoopUpstreams upstreams) {}

    /** Shared upstream sessions that are open or being opened. */
    public int open() {
        return loops.values().stream().mapToInt(loop -> loop.upstreams.open()).sum();
    }

    /** Lets them go, each as soon as it runs no response. */
    @Override
    public void close() {
        loops.values().forEach(loop -> loop.context.runOnContext(_ -> loop.upstreams.close()));
    }

    /** Those of the event loop that asks. */
    LoopUpstreams here() {
        Context context = Vertx.currentContext();
        if (context == null || !context.isEventLoopContext()) {
            throw new IllegalStateException("upstream sessions are shared on an event loop");
        }
        return loops.computeIfAbsent(
                        Thread.currentThread(),
                        _ -> new Loop(
                                context,
                                new LoopUpstreams(context.owner(), connector, limits, ticker, new SplittableRandom())))
                .upstreams;
    }
}
