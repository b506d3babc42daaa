package dev.parley.relay;

import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.net.TCPSSLOptions;
import java.time.Duration;

/**
 * The settings of Vert.x's listeners and clients that legs need. Compression is never negotiated: one small frame could
 * inflate to stop an event loop. HTTP/2 is off in clear text, so that no upgrade leads around the WebSocket handshake.
 *
 * @param socketBufferBytes the kernel's send and receive buffers of each socket; 0 leaves them to the kernel. Small ones
 *     save memory, and cost throughput to far peers
 * @param userTimeout how long written bytes may stay unacknowledged before the kernel gives the socket up (TCP_USER_TIMEOUT)
 */
public record RelayOptions(int socketBufferBytes, Duration userTimeout) {
    /** So many that the client's own limit never bites: the broker limits upstream sessions itself. */
    private static final int CONNECTIONS_MAX = 1_000_000;

    private static final int BACKLOG = 4096;

    /** What is used unless settings say otherwise. */
    public static RelayOptions standard() {
        return new RelayOptions(0, Duration.ofSeconds(20));
    }

    /** Sets what a listener for {@link Legs#client} needs, and leaves the rest as it is. */
    public HttpServerOptions listener(HttpServerOptions options, RelayLimits limits) {
        options.setPerMessageWebSocketCompressionSupported(false)
                .setPerFrameWebSocketCompressionSupported(false)
                .setHttp2ClearTextEnabled(false)
                .setAcceptUnmaskedFrames(false)
                .setRegisterWebSocketWriteHandlers(false)
                .setMaxWebSocketFrameSize(limits.frameBytesMax())
                .setMaxWebSocketMessageSize(limits.messageBytesMax())
                .setAcceptBacklog(BACKLOG);
        socket(options);
        return options;
    }

    /** Sets what a client for {@link Legs#upstream} needs, and leaves the rest as it is. */
    public WebSocketClientOptions client(WebSocketClientOptions options, RelayLimits limits) {
        options.setTryUsePerMessageCompression(false)
                .setTryUsePerFrameCompression(false)
                .setSendUnmaskedFrames(false)
                .setMaxFrameSize(limits.frameBytesMax())
                .setMaxMessageSize(limits.messageBytesMax())
                .setMaxConnections(CONNECTIONS_MAX);
        socket(options);
        return options;
    }

    private void socket(TCPSSLOptions options) {
        options.setIdleTimeout(0).setTcpNoDelay(true).setTcpKeepAlive(true).setTcpUserTimeout((int)
                userTimeout.toMillis());
        if (socketBufferBytes > 0) {
            options.setSendBufferSize(socketBufferBytes);
        }
    }
}
