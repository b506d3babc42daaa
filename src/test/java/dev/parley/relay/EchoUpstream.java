package dev.parley.relay;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrame;

/** Sends every data frame back as it came. */
final class EchoUpstream {
    private EchoUpstream() {}

    /** Listens on a port of its own. */
    static Future<Integer> listen(Vertx vertx) {
        RelayLimits large = RelayLimits.upstream();
        return vertx.createHttpServer(RelayOptions.standard().listener(new HttpServerOptions(), large))
                .webSocketHandler(EchoUpstream::echo)
                .listen(0, "127.0.0.1")
                .map(HttpServer::actualPort);
    }

    private static void echo(ServerWebSocket socket) {
        socket.frameHandler(frame -> {
            if (frame.isText() || frame.isBinary() || frame.isContinuation()) {
                socket.writeFrame(copy(frame));
                if (socket.writeQueueFull()) {
                    socket.pause();
                    socket.drainHandler(drained -> socket.resume());
                }
            }
        });
    }

    private static WebSocketFrame copy(WebSocketFrame frame) {
        if (frame.isContinuation()) {
            return WebSocketFrame.continuationFrame(frame.binaryData(), frame.isFinal());
        }
        return frame.isText()
                ? WebSocketFrame.textFrame(frame.textData(), frame.isFinal())
                : WebSocketFrame.binaryFrame(frame.binaryData(), frame.isFinal());
    }
}
