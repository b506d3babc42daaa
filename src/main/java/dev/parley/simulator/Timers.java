package dev.parley.simulator;

import io.vertx.core.Vertx;
import java.util.HashSet;
import java.util.Set;

/** The timers of one session: none fires after {@link #stop()}. Confined to the session's event loop. */
final class Timers {
    private final Vertx vertx;
    private final Set<Long> running = new HashSet<>();
    private boolean stopped;

    Timers(Vertx vertx) {
        this.vertx = vertx;
    }

    /** Runs {@code action} after {@code millis}, or at once when that is 0. Returns an id for {@link #cancel}, -1 when it ran. */
    long after(long millis, Runnable action) {
        if (stopped) {
            return -1;
        }
        if (millis <= 0) {
            action.run();
            return -1;
        }
        long id = vertx.setTimer(millis, timer -> {
            running.remove(timer);
            action.run();
        });
        running.add(id);
        return id;
    }

    /** Runs {@code action} in a later turn of the event loop. */
    void soon(Runnable action) {
        vertx.getOrCreateContext().runOnContext(ignored -> {
            if (!stopped) {
                action.run();
            }
        });
    }

    void every(long millis, Runnable action) {
        if (!stopped) {
            running.add(vertx.setPeriodic(millis, ignored -> action.run()));
        }
    }

    void cancel(long id) {
        if (running.remove(id)) {
            vertx.cancelTimer(id);
        }
    }

    void stop() {
        stopped = true;
        running.forEach(vertx::cancelTimer);
        running.clear();
    }
}
