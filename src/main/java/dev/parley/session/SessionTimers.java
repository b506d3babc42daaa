package dev.parley.session;

import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The timers of one session, which all stop with it. One event loop. */
final class SessionTimers {
    private final Vertx vertx;
    private final List<Long> running = new ArrayList<>();
    private long limit = -1;

    SessionTimers(Vertx vertx) {
        this.vertx = vertx;
    }

    void after(Duration wait, Runnable action) {
        running.add(vertx.setTimer(atLeastOne(wait), _ -> action.run()));
    }

    void every(Duration interval, Runnable action) {
        running.add(vertx.setPeriodic(interval.toMillis(), _ -> action.run()));
    }

    /** What the session's length leaves it, in the place of what it left before. */
    void limit(Duration left, Runnable over) {
        vertx.cancelTimer(limit);
        limit = vertx.setTimer(atLeastOne(left), _ -> over.run());
    }

    void stop() {
        running.forEach(vertx::cancelTimer);
        running.clear();
        vertx.cancelTimer(limit);
    }

    private static long atLeastOne(Duration wait) {
        return Math.max(1, wait.toMillis());
    }
}
