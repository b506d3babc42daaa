package dev.parley.concurrent;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Work that a virtual thread of its own does again and again: at every interval, and at once when it is rung. A round that
 * fails is logged and does not end the rounds. Thread-safe.
 */
public final class Rounds implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(Rounds.class);
    private static final Duration STOP_MAX = Duration.ofSeconds(10);

    private final long intervalNanos;
    private final Runnable round;
    private final Semaphore bell = new Semaphore(0);
    private final Thread thread;
    private volatile boolean stopping;

    /**
     * Starts with a first round at once.
     *
     * @param interval from one beginning to the next; a round that takes longer is followed by the next at once
     * @param round may block
     */
    public Rounds(String name, Duration interval, Runnable round) {
        this.intervalNanos = interval.toNanos();
        this.round = round;
        this.thread = Thread.ofVirtual().name(name).start(this::run);
    }

    /** Asks for a round now; rings that gather while one runs are answered by one. */
    public void ring() {
        bell.release();
    }

    /** Lets the round that runs end, and waits for it; not from within a round. */
    @Override
    public void close() {
        stopping = true;
        ring();
        try {
            if (!thread.join(STOP_MAX)) {
                thread.interrupt();
            }
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        long next = System.nanoTime();
        while (!stopping) {
            next = Math.max(next + intervalNanos, System.nanoTime());
            try {
                round.run();
            } catch (RuntimeException e) {
                LOGGER.atError()
                        .addKeyValue("rounds", Thread.currentThread().getName())
                        .setCause(e)
                        .log("a round failed in an unforeseen way");
            }
            try {
                if (bell.tryAcquire(Math.max(0, next - System.nanoTime()), TimeUnit.NANOSECONDS)) {
                    bell.drainPermits();
                    next = System.nanoTime();
                }
            } catch (InterruptedException e) {
                return;
            }
        }
    }
}
