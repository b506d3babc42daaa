package dev.parley.relay;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketFrame;
import java.util.List;

/**
 * Makes legs from the sockets of Vert.x right after their upgrade, on the event loop of the socket, before anything was
 * read from it. The bytes relay is what the product uses; the frames relay, on the public API alone, is the reference that
 * tests hold it against.
 */
public interface Legs {
    Leg client(ServerWebSocket socket, RelayLimits limits);

    /** The same for a socket from which frames were read: the leg hears these before all that comes. */
    Leg client(ServerWebSocket socket, RelayLimits limits, List<WebSocketFrame> early);

    /** The socket takes no frame of more than this while it is read without a leg. */
    void bound(ServerWebSocket socket, int frameBytesMax);

    /**
     * Whether the socket is read while there is no leg. What was read when that ends may still be told; nothing is kept back
     * in Vert.x, as it is by a pause.
     */
    void read(ServerWebSocket socket, boolean on);

    /**
     * A client's leg on another event loop than its socket's: the socket moves there, and nothing of it is lost.
     *
     * @param home of the leg's gates; the future completes on it, and fails if the socket was lost on the way
     */
    Future<Leg> client(ServerWebSocket socket, RelayLimits limits, Context home);

    Leg upstream(WebSocket socket, RelayLimits limits);
}
