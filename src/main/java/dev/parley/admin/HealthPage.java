package dev.parley.admin;

import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code /health/ready}: 200 when every check is met, else 503, with all checks and their problems as JSON. A check that does
 * not answer in time is a problem.
 */
final class HealthPage {
    private static final Logger LOGGER = LoggerFactory.getLogger(HealthPage.class);
    private static final Duration DEADLINE = Duration.ofSeconds(3);

    private final List<HealthCheck> checks;

    HealthPage(List<HealthCheck> checks) {
        this.checks = List.copyOf(checks);
    }

    /** The process answers: nothing more is promised. */
    static void live(RoutingContext request) {
        answer(request, 200, new JsonObject().put("status", "up"));
    }

    void ready(RoutingContext request) {
        List<Future<Optional<String>>> asked =
                checks.stream().map(HealthPage::ask).toList();
        Future.join(asked).onComplete(_ -> {
            JsonArray list = new JsonArray();
            boolean up = true;
            for (int i = 0; i < checks.size(); i++) {
                Optional<String> problem = asked.get(i).result();
                JsonObject check = new JsonObject()
                        .put("name", checks.get(i).name())
                        .put("status", problem.isEmpty() ? "up" : "down");
                problem.ifPresent(reason -> check.put("reason", reason));
                list.add(check);
                up &= problem.isEmpty();
            }
            answer(
                    request,
                    up ? 200 : 503,
                    new JsonObject().put("status", up ? "up" : "down").put("checks", list));
        });
    }

    private static Future<Optional<String>> ask(HealthCheck check) {
        try {
            return check.problem()
                    .get()
                    .timeout(DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
                    .otherwise(failure -> unanswered(check, failure));
        } catch (RuntimeException failure) {
            return Future.succeededFuture(unanswered(check, failure));
        }
    }

    private static Optional<String> unanswered(HealthCheck check, Throwable failure) {
        LOGGER.atDebug().addKeyValue("check", check.name()).setCause(failure).log("health check failed");
        return Optional.of("no answer within " + DEADLINE.toSeconds() + " s");
    }

    private static void answer(RoutingContext request, int status, JsonObject body) {
        request.response()
                .setStatusCode(status)
                .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                .end(body.encode() + "\n");
    }
}
