package dev.parley.relay;

import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocket;

/**
 * Makes legs from the sockets of Vert.x right after their upgrade, on the event loop of the socket, before anything was
 * read from it. The bytes relay is what the product uses; the frames relay, on the public API alone, is the reference that
 * tests hold it against.
 */
public interface Legs {
    Leg client(ServerWebSocket socket, RelayLimits limits);

    Leg upstream(WebSocket socket, RelayLimits limits);
}
