package dev.parley.admin;

import dev.parley.administration.AuditLog;
import dev.parley.administration.Replays;
import dev.parley.administration.Replays.Replay;
import dev.parley.administration.SecretText;
import dev.parley.concurrent.Blocking;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes requests from the event loop to a virtual thread, where they are admitted and handled, and writes their answers. A
 * request with an {@code Idempotency-Key} is handled once: it and what it was answered are one transaction.
 */
final class Dispatcher {
    private static final Logger LOGGER = LoggerFactory.getLogger(Dispatcher.class);
    private static final String KEY_HEADER = "idempotency-key";
    private static final int KEY_LENGTH_MAX = 128;

    private final Blocking blocking;
    private final Blocking outside;
    private final Gatekeeper gatekeeper;
    private final AuditLog audit;
    private final Replays replays;
    private final Function<Throwable, Problem> problems;

    /**
     * What it stands on.
     *
     * @param outside for what waits for somebody else, so that nothing else does
     * @param problems what a failure is told as
     */
    Dispatcher(
            Blocking blocking,
            Blocking outside,
            Gatekeeper gatekeeper,
            AuditLog audit,
            Replays replays,
            Function<Throwable, Problem> problems) {
        this.blocking = blocking;
        this.outside = outside;
        this.gatekeeper = gatekeeper;
        this.audit = audit;
        this.replays = replays;
        this.problems = problems;
    }

    void dispatch(RoutingContext context, Endpoint endpoint) {
        Call call = Call.of(context);
        Blocking place = endpoint.asksOthers() ? outside : blocking;
        place.call(() -> {
                    gatekeeper.admit(call, endpoint);
                    return handle(call, endpoint);
                })
                .onSuccess(answer -> write(context.response(), answer))
                .onFailure(failure -> write(context.response(), problem(failure, call)));
    }

    private Answer handle(Call call, Endpoint endpoint) throws Exception {
        if (endpoint.matches()) {
            call.ifMatch();
        }
        Optional<String> key = call.header(KEY_HEADER);
        if (!endpoint.creates() || key.isEmpty()) {
            return endpoint.handler().handle(call);
        }
        if (key.get().isBlank() || key.get().length() > KEY_LENGTH_MAX) {
            throw Problem.badRequest("Idempotency-Key: has 1 to " + KEY_LENGTH_MAX + " characters");
        }
        return audit.inTransaction(() -> once(call, endpoint, key.get()));
    }

    private Answer once(Call call, Endpoint endpoint, String key) {
        String actor = call.actor().name();
        byte[] request = SecretText.digest(call.method() + " " + call.uri() + "\n" + call.bodyText());
        Optional<Replay> before = replays.claim(actor, key, request);
        if (before.isPresent()) {
            return again(before.get());
        }
        Answer answer;
        try {
            answer = endpoint.handler().handle(call);
        } catch (RuntimeException failure) {
            throw failure;
        } catch (Exception failure) {
            throw new IllegalStateException(failure);
        }
        replays.keep(actor, key, answer.status(), answer.secret() ? null : answer.body());
        return answer;
    }

    private static Answer again(Replay replay) {
        if (!replay.sameRequest()) {
            throw Problem.of(
                    422,
                    "key-reused",
                    "The key belongs to another request",
                    "Take a new Idempotency-Key for each request.");
        }
        String body = replay.answer();
        if (body == null) {
            throw Problem.conflict("This was made already, and its secret is shown once only.");
        }
        return new Answer(replay.status(), body, Map.of("Content-Type", "application/json"), List.of(), false)
                .with("Idempotent-Replayed", "true");
    }

    private Problem problem(Throwable failure, Call call) {
        if (failure instanceof Problem problem) {
            return problem;
        }
        Problem problem = problems.apply(failure);
        if (problem.status() == 500) {
            LOGGER.atError()
                    .addKeyValue("method", call.method())
                    .addKeyValue("path", call.uri())
                    .setCause(failure)
                    .log("the admin API failed");
        }
        return problem;
    }

    static void write(HttpServerResponse response, Problem problem) {
        if (problem.retryAfter() != null) {
            response.putHeader(
                    HttpHeaders.RETRY_AFTER,
                    Long.toString(Math.max(1, problem.retryAfter().toSeconds() + 1)));
        }
        JsonObject body = problem.json();
        response.setStatusCode(problem.status())
                .putHeader(HttpHeaders.CONTENT_TYPE, Problem.MEDIA_TYPE)
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                .end(body.encode());
    }

    static void write(HttpServerResponse response, Answer answer) {
        response.setStatusCode(answer.status()).putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
        answer.headers().forEach(response::putHeader);
        answer.cookies().forEach(cookie -> response.headers().add(HttpHeaders.SET_COOKIE, cookie));
        String body = answer.body();
        if (body == null) {
            response.end();
        } else {
            response.end(body);
        }
    }
}
