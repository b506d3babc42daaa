package dev.parley.auth;

import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.net.URI;
import java.util.concurrent.atomic.AtomicInteger;

/** A JWKS server on loopback that answers as its test says, and counts. */
final class KeyServer implements AutoCloseable {
    final AtomicInteger requests = new AtomicInteger();
    final AtomicInteger openConnections = new AtomicInteger();

    private final HttpServer server;
    private volatile Handler<HttpServerRequest> answer =
            request -> request.response().end("{}");

    KeyServer(Vertx vertx) {
        server = vertx.createHttpServer()
                .connectionHandler(connection -> {
                    openConnections.incrementAndGet();
                    connection.closeHandler(_ -> openConnections.decrementAndGet());
                })
                .requestHandler(request -> {
                    requests.incrementAndGet();
                    answer.handle(request);
                });
        AuthRig.await(server.listen(0, "127.0.0.1"));
    }

    void answer(Handler<HttpServerRequest> with) {
        answer = with;
    }

    void answer(String document) {
        answer = request -> request.response().end(document);
    }

    URI url() {
        return url("127.0.0.1");
    }

    URI url(String host) {
        return URI.create("http://" + host + ":" + server.actualPort() + "/keys");
    }

    @Override
    public void close() {
        AuthRig.await(server.close());
    }
}
