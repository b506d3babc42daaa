package dev.parley.server;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What has been started, in order, to be stopped in the opposite one. Used on one thread. */
final class Parts {
    private static final Logger LOGGER = LoggerFactory.getLogger(Parts.class);

    private final Deque<Part> started = new ArrayDeque<>();

    /** Stops a part; may block. */
    interface Stop {
        void run() throws Exception;
    }

    void add(String name, Stop stop) {
        started.push(new Part(name, stop));
    }

    /** Stops everything; a part that cannot be stopped is logged and does not keep the others up. */
    void stopAll() {
        while (!started.isEmpty()) {
            Part part = started.pop();
            long from = System.nanoTime();
            try {
                part.stop().run();
            } catch (Exception failure) {
                LOGGER.atWarn()
                        .addKeyValue("part", part.name())
                        .setCause(failure)
                        .log("did not stop cleanly");
            }
            LOGGER.atDebug()
                    .addKeyValue("part", part.name())
                    .addKeyValue(
                            "ms", Duration.ofNanos(System.nanoTime() - from).toMillis())
                    .log("stopped");
        }
    }

    private record Part(String name, Stop stop) {}
}
