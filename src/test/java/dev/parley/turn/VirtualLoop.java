package dev.parley.turn;

import dev.parley.concurrent.Ticker;
import io.vertx.core.Context;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * An event loop without a thread, whose time the test turns: tasks and timers run in the order of their time, on the thread
 * that calls, so that a million turns take minutes and the same seed gives the same run.
 */
final class VirtualLoop implements Ticker {
    private static final Instant START = Instant.parse("2026-11-21T09:00:00Z");

    private final PriorityQueue<Task> tasks =
            new PriorityQueue<>(Comparator.comparingLong(Task::at).thenComparingLong(Task::number));
    private final Map<Long, Task> timers = new HashMap<>();
    private final Vertx vertx = proxy(Vertx.class, this::vertx);
    private final Context context = proxy(Context.class, this::context);
    private long nanos;
    private long last;

    private record Task(long at, long number, Runnable work) {}

    Vertx vertx() {
        return vertx;
    }

    Context context() {
        return context;
    }

    @Override
    public long nanos() {
        return nanos;
    }

    @Override
    public Instant now() {
        return START.plusNanos(nanos);
    }

    /** After what is due now. */
    void later(Runnable work) {
        after(0, work);
    }

    Runnable after(long delayNanos, Runnable work) {
        Task task = new Task(nanos + delayNanos, ++last, work);
        tasks.add(task);
        return () -> tasks.remove(task);
    }

    /** Runs the next task; false if there is none. */
    boolean step() {
        Task task = tasks.poll();
        if (task == null) {
            return false;
        }
        nanos = Math.max(nanos, task.at);
        timers.remove(task.number);
        task.work.run();
        return true;
    }

    void runFor(Duration time) {
        long end = nanos + time.toNanos();
        while (!tasks.isEmpty() && tasks.element().at <= end) {
            step();
        }
        nanos = end;
    }

    /** What has not run yet. */
    int pending() {
        return tasks.size();
    }

    private Object vertx(String name, Object[] arguments) {
        return switch (name) {
            case "setTimer" -> timer((long) arguments[0], 0, handler(arguments[1]));
            case "setPeriodic" -> timer((long) arguments[0], (long) arguments[0], handler(arguments[1]));
            case "cancelTimer" -> {
                Task task = timers.remove((long) arguments[0]);
                if (task != null) {
                    tasks.remove(task);
                }
                yield task != null;
            }
            default -> throw new AssertionError("a session does not call Vertx." + name);
        };
    }

    private Object context(String name, Object[] arguments) {
        return switch (name) {
            case "runOnContext" -> {
                Handler<Long> work = handler(arguments[0]);
                later(() -> work.handle(null));
                yield this;
            }
            case "owner" -> vertx;
            default -> throw new AssertionError("a session does not call Context." + name);
        };
    }

    private long timer(long millis, long everyMillis, Handler<Long> handler) {
        if (millis < 1) {
            throw new IllegalArgumentException("Vert.x has no timer of " + millis + " ms");
        }
        long id = ++last;
        schedule(id, millis, everyMillis, handler);
        return id;
    }

    private void schedule(long id, long millis, long everyMillis, Handler<Long> handler) {
        Task task = new Task(nanos + Duration.ofMillis(millis).toNanos(), id, () -> {
            if (everyMillis > 0) {
                schedule(id, everyMillis, everyMillis, handler);
            }
            handler.handle(id);
        });
        timers.put(id, task);
        tasks.add(task);
    }

    @SuppressWarnings("unchecked")
    private static Handler<Long> handler(Object argument) {
        return (Handler<Long>) argument;
    }

    private interface Calls {
        Object call(String name, Object[] arguments);
    }

    private static <T> T proxy(Class<T> type, Calls calls) {
        InvocationHandler handler = (self, method, arguments) -> switch (method.getName()) {
            case "hashCode" -> System.identityHashCode(self);
            case "toString" -> "virtual " + type.getSimpleName();
            default -> calls.call(method.getName(), arguments);
        };
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }
}
