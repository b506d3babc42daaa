package dev.parley.relay;

import dev.parley.concurrent.Ticker;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketFrame;
import io.vertx.core.internal.ContextInternal;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Makes legs that work on the bytes in the Netty pipelines, in place of Vert.x's WebSocket codecs. One for each node; it
 * owns the node's budget for held messages and one timer on each event loop. Thread-safe; each leg belongs to its socket's
 * event loop, on which {@link #client} and {@link #upstream} must be called.
 *
 * <p>From then on the Vert.x socket must not be used. Close frames that Vert.x writes when a server or client is shut down
 * are taken over by the leg. Byte counts of Vert.x's own metrics stop; {@link Leg#counters} has them.
 */
public final class BytesLegs implements Legs {
    /** What unfinished and held messages over 64 KiB may take on one node, unless settings say otherwise. */
    public static final long MEMORY_BYTES_MAX = 256L << 20;

    private final MemoryBudget budget;
    private final Ticker ticker;
    private final Map<EventLoop, LoopClock> clocks = new ConcurrentHashMap<>();

    public BytesLegs() {
        this(MEMORY_BYTES_MAX, Ticker.SYSTEM);
    }

    /** @param memoryBytesMax the node's budget for unfinished and held messages, in bytes; over it large ones get 1013 */
    public BytesLegs(long memoryBytesMax, Ticker ticker) {
        this.budget = new MemoryBudget(memoryBytesMax);
        this.ticker = ticker;
    }

    @Override
    public Leg client(ServerWebSocket socket, RelayLimits limits) {
        return leg(socket, limits, true, List.of());
    }

    @Override
    public Leg client(ServerWebSocket socket, RelayLimits limits, List<WebSocketFrame> early) {
        return leg(socket, limits, true, early);
    }

    @Override
    public void bound(ServerWebSocket socket, int frameBytesMax) {
        Takeover.bound(socket, frameBytesMax);
    }

    @Override
    public void read(ServerWebSocket socket, boolean on) {
        Takeover.contextOf(socket).channel().config().setAutoRead(on);
    }

    @Override
    public Future<Leg> client(ServerWebSocket socket, RelayLimits limits, Context home) {
        ContextInternal there = ((ContextInternal) home).unwrap();
        if (there.nettyEventLoop().inEventLoop()) {
            return Future.succeededFuture(client(socket, limits));
        }
        Promise<BytesLeg> moved = there.promise();
        Moving moving = new Moving(moved);
        Channel channel = Takeover.contextOf(socket).channel();
        Takeover.run(socket, moving, true, List.of());
        moving.to(channel, there.nettyEventLoop(), handler(there, limits, true));
        return moved.future().map(Leg.class::cast);
    }

    @Override
    public Leg upstream(WebSocket socket, RelayLimits limits) {
        return leg(socket, limits, false, List.of());
    }

    /** Bytes of unfinished and held messages that count against the budget now. */
    public long heldBytes() {
        return budget.taken();
    }

    /** The context that gates are called on, so that what they start comes back to the same event loop. */
    private static ContextInternal currentContext() {
        ContextInternal context = ContextInternal.current();
        if (context == null || !context.nettyEventLoop().inEventLoop()) {
            throw new IllegalStateException("a leg is made on the Vert.x context of its socket");
        }
        return context.unwrap();
    }

    private Leg leg(WebSocket socket, RelayLimits limits, boolean client, List<WebSocketFrame> early) {
        EventLoop loop = Takeover.contextOf(socket).channel().eventLoop();
        if (!loop.inEventLoop()) {
            throw new IllegalStateException("a leg is made on the event loop of its socket");
        }
        LegHandler handler = handler(currentContext(), limits, client);
        Takeover.run(socket, handler, client, early);
        return handler.leg();
    }

    private LegHandler handler(ContextInternal context, RelayLimits limits, boolean client) {
        LoopClock clock = clocks.computeIfAbsent(context.nettyEventLoop(), key -> new LoopClock(key, ticker));
        return new LegHandler(ctx -> new BytesLeg(ctx, context, clock, budget, limits, client));
    }
}
