package dev.parley.gateway;

import dev.parley.config.Secret;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.rest.Answer;
import dev.parley.rest.Api;
import dev.parley.rest.Call;
import dev.parley.rest.LastWord;
import dev.parley.tenancy.OriginBook;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One request of the HTTP API: reads it, bounded, has it answered, and closes the connection. One event loop. */
final class ApiExchange {
    private static final Logger LOGGER = LoggerFactory.getLogger(ApiExchange.class);
    private static final int NO_CONTENT = 204;
    private static final int FORBIDDEN = 403;
    private static final int BODY_BYTES_MAX = 256 << 10;
    private static final int CREDENTIAL_LENGTH_MAX = 8192;
    private static final Duration RETRY_SOON = Duration.ofSeconds(2);

    private final Api api;
    private final OriginBook origins;
    private final Vertx vertx;
    private final HttpServerRequest request;
    private final Buffer body = Buffer.buffer();
    private boolean answered;

    private ApiExchange(Api api, OriginBook origins, Vertx vertx, HttpServerRequest request) {
        this.api = api;
        this.origins = origins;
        this.vertx = vertx;
        this.request = request;
    }

    static void begin(Api api, OriginBook origins, Vertx vertx, HttpServerRequest request) {
        new ApiExchange(api, origins, vertx, request).read();
    }

    private void read() {
        request.handler(this::take);
        request.exceptionHandler(_ -> answered = true);
        request.endHandler(_ -> {
            if (!answered) {
                answer().onComplete(result -> {
                    if (result.failed()) {
                        LOGGER.atError().setCause(result.cause()).log("a request failed for an unexpected reason");
                    }
                    write(result.succeeded() ? result.result() : Answer.refused(failed()));
                });
            }
        });
    }

    private void take(Buffer piece) {
        if (body.length() + piece.length() > BODY_BYTES_MAX && !answered) {
            write(Answer.refused(Refusal.of(
                    Kind.BAD_REQUEST, "request_too_large", "The body has more than " + BODY_BYTES_MAX + " bytes.")));
        } else if (!answered) {
            body.appendBuffer(piece);
        }
    }

    private Future<Answer> answer() {
        String method = request.method().name();
        if (Cors.isPreflight(method, request.headers())) {
            boolean listed = origins.isListed(String.valueOf(request.getHeader("Origin")));
            return Future.succeededFuture(new Answer(
                    listed ? NO_CONTENT : FORBIDDEN,
                    listed ? Cors.ofPreflight(request.headers()) : Map.of(),
                    Buffer.buffer()));
        }
        List<String> lines = request.headers().getAll("Authorization");
        if (lines.size() > 1
                || lines.stream()
                        .anyMatch(line -> !line.regionMatches(true, 0, "Bearer ", 0, 7)
                                || line.length() > CREDENTIAL_LENGTH_MAX)) {
            return Future.succeededFuture(Answer.refused(Refusal.of(
                    Kind.UNAUTHENTICATED,
                    "invalid_authorization_header",
                    "There must be one Authorization header, of the form 'Bearer TOKEN'.")));
        }
        Secret credential = lines.isEmpty()
                ? null
                : new Secret(lines.getFirst().substring(7).trim());
        MultiMap parameters;
        try {
            parameters = request.params();
        } catch (IllegalArgumentException badEscape) {
            return Future.succeededFuture(Answer.refused(
                    Refusal.of(Kind.BAD_REQUEST, "invalid_query", "The query string is not valid percent-encoding.")));
        }
        return api.answer(new Call(
                method,
                String.valueOf(request.path()),
                parameters,
                credential,
                request.getHeader("Origin"),
                request.headers(),
                body));
    }

    private void write(Answer answer) {
        if (answered) {
            answer.lost().run(); // the client has gone
            return;
        }
        answered = true;
        LastWord.say(vertx, request, answer.with(Cors.of(request.getHeader("Origin"), origins)));
    }

    private static Refusal failed() {
        return Refusal.of(Kind.OVERLOADED, "server_error", "Please try again.").retryAfter(RETRY_SOON);
    }
}
