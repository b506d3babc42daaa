package dev.parley.concurrent;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The one door from an event loop to blocking work (JDBC, key derivation, file IO): runs it on a virtual thread, at most
 * {@code parallel} at once with at most {@code waiting} behind them, and completes on the caller's context. A call that
 * finds the queue full, no place within {@code deadline}, or the door closed, fails with {@link OverloadedException}. Thread-safe.
 */
public final class Blocking implements AutoCloseable {
    private final Vertx vertx;
    private final Semaphore places;
    private final AtomicInteger inside = new AtomicInteger();
    private final int insideMax;
    private final Duration deadline;
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("blocking-", 0).factory());

    public Blocking(Vertx vertx, int parallel, int waiting, Duration deadline) {
        this.vertx = vertx;
        this.places = new Semaphore(parallel, true);
        this.insideMax = parallel + waiting;
        this.deadline = deadline;
    }

    /** Runs {@code work} off the event loop; the future completes on the context of the caller. */
    public <T> Future<T> call(Callable<T> work) {
        Context context = vertx.getOrCreateContext();
        if (inside.incrementAndGet() > insideMax) {
            inside.decrementAndGet();
            return Future.failedFuture(new OverloadedException("blocking work queue is full (" + insideMax + ")"));
        }
        Promise<T> promise = Promise.promise();
        try {
            threads.execute(() -> run(work, context, promise));
        } catch (RejectedExecutionException closed) {
            inside.decrementAndGet();
            promise.fail(new OverloadedException("no blocking work any more: closed"));
        }
        return promise.future();
    }

    private <T> void run(Callable<T> work, Context context, Promise<T> promise) {
        try {
            if (!places.tryAcquire(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new OverloadedException("no thread for blocking work within " + deadline.toMillis() + " ms");
            }
            T result;
            try {
                result = work.call();
            } finally {
                places.release();
            }
            context.runOnContext(_ -> promise.complete(result));
        } catch (Throwable failure) {
            context.runOnContext(_ -> promise.fail(failure));
        } finally {
            inside.decrementAndGet();
        }
    }

    /** The virtual threads themselves, without bound: only for the few long-lived tasks of a node. */
    public Executor unbounded() {
        return threads;
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }

    /** Blocking work was refused because too much of it is waiting. */
    public static final class OverloadedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        OverloadedException(String message) {
            super(message, null, false, false);
        }
    }
}
