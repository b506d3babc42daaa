package dev.parley.server;

import dev.parley.config.ListenerConfig;
import io.vertx.core.Future;
import java.net.BindException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits, with a deadline, on the thread that starts or stops a broker. */
final class Waiting {
    private static final Duration START_MAX = Duration.ofSeconds(30);
    private static final Duration STOP_MAX = Duration.ofSeconds(10);

    private Waiting() {}

    static <T> T forStart(String doing, Future<T> started) throws StartException {
        try {
            return atMost(START_MAX, started);
        } catch (Exception e) {
            throw new StartException(doing + " failed: " + e.getMessage(), e);
        }
    }

    /** @return the port that it listens on */
    static int forListener(String section, ListenerConfig listener, Future<Integer> started) throws StartException {
        try {
            return atMost(START_MAX, started);
        } catch (Exception e) {
            throw new StartException(
                    isTaken(e)
                            ? "port " + listener.port() + " is in use: set PARLEY_" + section.toUpperCase(Locale.ROOT)
                                    + "_PORT"
                            : "cannot listen on " + section + ".host " + listener.host() + ", port " + listener.port()
                                    + ": " + e.getMessage(),
                    e);
        }
    }

    /** The native transports have an exception of their own for it. */
    private static boolean isTaken(Exception e) {
        return e instanceof BindException || String.valueOf(e.getMessage()).contains("Address already in use");
    }

    static void forStop(Future<?> stopped) throws Exception {
        atMost(STOP_MAX, stopped);
    }

    static <T> T atMost(Duration deadline, Future<T> future) throws Exception {
        try {
            return future.await(deadline.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new TimeoutException("not done within " + deadline.toSeconds() + " s");
        }
    }
}
