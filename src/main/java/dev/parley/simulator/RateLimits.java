package dev.parley.simulator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.Trees;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicReference;

/** The account's token limit for each model, refilled evenly over a minute. Tells, never refuses. Safe on any thread. */
final class RateLimits {
    private static final double NANOS_PER_SECOND = 1e9;

    private final long limit;
    private final ConcurrentMap<String, AtomicReference<Level>> levels = new ConcurrentHashMap<>();

    RateLimits(long tokensPerMinute) {
        limit = tokensPerMinute;
    }

    private record Level(double used, long atNanos) {
        Level plus(long tokens, long nowNanos, double refillPerSecond, long max) {
            double left = used - (nowNanos - atNanos) / NANOS_PER_SECOND * refillPerSecond;
            return new Level(Math.min((double) max, Math.max(0, left) + tokens), nowNanos);
        }
    }

    /** Takes {@code tokens} and tells what remains: {@code reset_seconds = (limit - remaining) / limit * 60}. */
    ObjectNode take(String model, long tokens) {
        long now = System.nanoTime();
        Level level = levels.computeIfAbsent(model, ignored -> new AtomicReference<>(new Level(0, now)))
                .updateAndGet(before -> before.plus(tokens, now, limit / 60.0, limit));
        long remaining = limit - Math.round(level.used());
        double reset = (double) (limit - remaining) / limit * 60;
        return Trees.object()
                .put("name", "tokens")
                .put("limit", limit)
                .put("remaining", remaining)
                .put("reset_seconds", Math.round(reset * 1_000) / 1_000.0);
    }
}
