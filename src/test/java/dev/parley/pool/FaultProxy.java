package dev.parley.pool;

import dev.parley.concurrent.Eventually;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A TCP proxy before a provider that can be told to fail in one of the ways in which networks and providers fail. */
final class FaultProxy implements AutoCloseable {
    private final NetServer server;
    private final NetClient client;
    private final URI provider;
    private final Set<NetSocket> sockets = ConcurrentHashMap.newKeySet();
    private volatile Mode mode = Mode.PASS;
    private final AtomicInteger accepted = new AtomicInteger();

    enum Mode {
        PASS,
        /** Connections are accepted and nothing is ever answered; on those that are open, nothing arrives any more. */
        BLACK_HOLE,
        /** Connections are reset when they have sent something, and those that are open at once. */
        RESET,
        /** The upgrade is refused with 401. */
        UNAUTHORIZED,
        /** The upgrade is refused with 429, and a Retry-After of one second. */
        RATE_LIMITED
    }

    FaultProxy(Vertx vertx, URI provider) {
        this.provider = provider;
        this.client = vertx.createNetClient();
        this.server = vertx.createNetServer().connectHandler(this::accepted);
        Eventually.result(server.listen(0, "127.0.0.1"));
    }

    URI url() {
        return URI.create("ws://127.0.0.1:" + server.actualPort() + provider.getPath());
    }

    void mode(Mode next) {
        mode = next;
        if (next == Mode.RESET) {
            sockets.forEach(NetSocket::close);
        }
    }

    /** Connections so far. */
    int accepted() {
        return accepted.get();
    }

    @Override
    public void close() {
        Eventually.result(server.close());
        Eventually.result(client.close());
    }

    private void accepted(NetSocket socket) {
        accepted.incrementAndGet();
        sockets.add(socket);
        socket.closeHandler(_ -> sockets.remove(socket));
        switch (mode) {
            case PASS -> pass(socket);
            case BLACK_HOLE -> socket.handler(_ -> {});
            case RESET -> socket.handler(_ -> socket.close());
            case UNAUTHORIZED -> answer(socket, "401 Unauthorized", "");
            case RATE_LIMITED -> answer(socket, "429 Too Many Requests", "Retry-After: 1\r\n");
        }
    }

    private static void answer(NetSocket socket, String status, String header) {
        socket.handler(_ -> socket.write("HTTP/1.1 " + status + "\r\n" + header + "Content-Length: 0\r\n\r\n"));
    }

    private void pass(NetSocket socket) {
        socket.pause();
        client.connect(provider.getPort(), provider.getHost()).onComplete(connected -> {
            if (connected.failed()) {
                socket.close();
                return;
            }
            NetSocket other = connected.result();
            sockets.add(other);
            other.closeHandler(_ -> {
                sockets.remove(other);
                socket.close();
            });
            socket.closeHandler(_ -> {
                sockets.remove(socket);
                other.close();
            });
            socket.handler(bytes -> forward(bytes, other));
            other.handler(bytes -> forward(bytes, socket));
            socket.resume();
        });
    }

    private void forward(Buffer bytes, NetSocket to) {
        if (mode != Mode.BLACK_HOLE) {
            to.write(bytes);
        }
    }
}
