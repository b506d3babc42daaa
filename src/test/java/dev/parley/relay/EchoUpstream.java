package dev.parley.relay;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrame;

/** Sends every message back, in one frame. */
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
        Echo echo = new Echo(socket);
        socket.frameHandler(echo::frame);
    }

    /** Joins the frames first: Vert.x can write a text frame from a String only, and a fragment may end inside a character. */
    private static final class Echo {
        private final ServerWebSocket socket;
        private Buffer message = Buffer.buffer();
        private boolean text;

        Echo(ServerWebSocket socket) {
            this.socket = socket;
        }

        void frame(WebSocketFrame frame) {
            if (frame.isText() || frame.isBinary()) {
                text = frame.isText();
                message = Buffer.buffer();
            } else if (!frame.isContinuation()) {
                return;
            }
            message.appendBuffer(frame.binaryData());
            if (frame.isFinal()) {
                socket.writeFrame(
                        text
                                ? WebSocketFrame.textFrame(message.toString(), true)
                                : WebSocketFrame.binaryFrame(message, true));
            }
            if (socket.writeQueueFull()) {
                socket.pause();
                socket.drainHandler(drained -> socket.resume());
            }
        }
    }
}
