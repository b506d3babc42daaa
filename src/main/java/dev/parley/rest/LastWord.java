package dev.parley.rest;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.time.Duration;

/** The answer to a request, behind which its connection is closed. One event loop. */
public final class LastWord {
    private static final Duration LINGER = Duration.ofSeconds(5);

    private LastWord() {}

    /** A client that still sends would lose an answer behind which its connection is closed: it is heard out, for a while. */
    public static void say(Vertx vertx, HttpServerRequest request, Answer answer) {
        if (request.isEnded() || request.response().closed()) {
            write(request, answer);
            return;
        }
        long enough = vertx.setTimer(LINGER.toMillis(), _ -> write(request, answer));
        request.handler(_ -> {});
        request.endHandler(_ -> {
            if (vertx.cancelTimer(enough)) {
                write(request, answer);
            }
        });
        request.resume();
    }

    /** To a client that sends nothing more before it is answered. */
    static void write(HttpServerRequest request, Answer answer) {
        HttpServerResponse response = request.response();
        if (response.closed() || response.headWritten()) {
            request.connection().close();
            answer.lost().run();
            return;
        }
        response.setStatusCode(answer.status()).putHeader("Connection", "close");
        answer.headers().forEach(response::putHeader);
        response.end(answer.body()).onComplete(_ -> request.connection().close());
    }
}
