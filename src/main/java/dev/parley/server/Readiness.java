package dev.parley.server;

import dev.parley.admin.HealthCheck;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * What must hold before this node is given work. Each condition is unmet until its part has started; from then on the part
 * is asked. Thread-safe.
 */
final class Readiness {
    /** The conditions, in the order of the start. */
    enum Condition {
        DATABASE,
        MIGRATIONS,
        NODE,
        LEDGER,
        SESSIONS
    }

    private final Map<Condition, Supplier<Optional<String>>> problems = new ConcurrentHashMap<>();

    /** @param problem why the condition is not met now; must not block */
    void ask(Condition condition, Supplier<Optional<String>> problem) {
        problems.put(condition, problem);
    }

    List<HealthCheck> checks() {
        return Arrays.stream(Condition.values())
                .map(condition -> HealthCheck.of(
                        condition.name().toLowerCase(Locale.ROOT),
                        () -> problems.getOrDefault(condition, () -> Optional.of("not started yet"))
                                .get()))
                .toList();
    }
}
