package dev.parley.relay;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketFrame;
import java.util.List;

/**
 * The reference: legs on the public API of Vert.x alone, whole messages only, written to be read and not to be fast. It
 * leaves to Vert.x what Vert.x does (which is not all of RFC 6455), so attacks are tested on the bytes relay only.
 */
final class FramesLegs implements Legs {
    @Override
    public Leg client(ServerWebSocket socket, RelayLimits limits) {
        return new FramesLeg(socket, limits);
    }

    @Override
    public Future<Leg> client(ServerWebSocket socket, RelayLimits limits, Context home) {
        throw new UnsupportedOperationException("Vert.x ties a socket to its event loop");
    }

    @Override
    public Leg client(ServerWebSocket socket, RelayLimits limits, List<WebSocketFrame> early) {
        throw new UnsupportedOperationException("a message cannot be put back");
    }

    @Override
    public void bound(ServerWebSocket socket, int frameBytesMax) {
        throw new UnsupportedOperationException("Vert.x bounds all sockets of a server alike");
    }

    @Override
    public void read(ServerWebSocket socket, boolean on) {
        throw new UnsupportedOperationException("Vert.x reads as it wants");
    }

    @Override
    public Leg upstream(WebSocket socket, RelayLimits limits) {
        return new FramesLeg(socket, limits);
    }
}
