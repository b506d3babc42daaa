package dev.parley.server;

import dev.parley.telemetry.Meters;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;

/** Measures how late the timers of its event loop run. Deployed once for each loop. */
final class LoopLag extends VerticleBase {
    private static final Duration EVERY = Duration.ofSeconds(1);

    private final Meters meters;
    private long dueAt;

    LoopLag(Meters meters) {
        this.meters = meters;
    }

    @Override
    public Future<?> start() {
        arm();
        return Future.succeededFuture();
    }

    private void arm() {
        dueAt = System.nanoTime() + EVERY.toNanos();
        vertx.setTimer(EVERY.toMillis(), _ -> {
            meters.loopLag(Duration.ofNanos(Math.max(0, System.nanoTime() - dueAt)));
            arm();
        });
    }
}
