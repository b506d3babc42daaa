package dev.parley.admin;

import io.vertx.core.Future;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * One condition of readiness.
 *
 * @param name such as {@code database}
 * @param problem why the condition is not met, or empty if it is; asked on an event loop, so it must not block
 */
public record HealthCheck(String name, Supplier<Future<Optional<String>>> problem) {
    /** A condition that is known without waiting. */
    public static HealthCheck of(String name, Supplier<Optional<String>> problem) {
        return new HealthCheck(name, () -> Future.succeededFuture(problem.get()));
    }
}
