package dev.parley.bench;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.WebSocket;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One client of a session in turn mode: asks once an interval, with a word of its own, and looks whether the answer is to
 * that. On its socket's event loop.
 */
final class TurnAsker {
    private static final String SETTINGS =
            "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"output_modalities\":[\"text\"]}}";
    private static final Pattern CODE = Pattern.compile("\"code\":\"([a-z_]+)\"");
    private static final Pattern CANARY = Pattern.compile("canary-(\\d+)-(\\d+)\\.");

    private final Context context;
    private final WebSocket socket;
    private final int number;
    private final Figures figures;
    private final Promise<TurnAsker> ready = Promise.promise();
    private int rounds;
    private long askedAt;
    private @Nullable String canary;

    /** What all of them have seen together. Thread-safe. */
    static final class Figures {
        final LongAdder answered = new LongAdder();
        final LongAdder failed = new LongAdder();
        /** Why, as far as it was said. */
        final Map<String, LongAdder> reasons = new ConcurrentHashMap<>();

        final LongAdder strange = new LongAdder();
        final LongAdder canaries = new LongAdder();
        final Queue<Long> nanos = new ConcurrentLinkedQueue<>();
    }

    /** On the socket's event loop. */
    TurnAsker(Vertx vertx, WebSocket socket, int number, Figures figures) {
        this.context = vertx.getOrCreateContext();
        this.socket = socket;
        this.number = number;
        this.figures = figures;
        socket.textMessageHandler(this::hear);
        socket.closeHandler(_ -> {
            ready.tryFail("closed " + socket.closeStatusCode());
            if (canary != null) {
                figures.failed.increment();
            }
        });
    }

    /** Completes when the session has its settings. */
    Future<TurnAsker> ready() {
        return ready.future();
    }

    /** Asks so often, the first time after this, and then once an interval. */
    void begin(long afterMillis, long intervalMillis, int times) {
        context.runOnContext(_ -> context.owner().setTimer(Math.max(1, afterMillis), _ -> ask(intervalMillis, times)));
    }

    void close() {
        socket.close();
    }

    private void ask(long intervalMillis, int times) {
        if (canary != null) {
            figures.failed.increment(); // the last one was never answered
        }
        String mine = "canary-" + number + '-' + ++rounds + '.';
        canary = mine;
        askedAt = System.nanoTime();
        socket.writeTextMessage(
                "{\"type\":\"conversation.item.create\",\"item\":{\"type\":\"message\",\"role\":\"user\","
                        + "\"content\":[{\"type\":\"input_text\",\"text\":\"" + mine
                        + " What do you say to that?\"}]}}");
        socket.writeTextMessage("{\"type\":\"response.create\"}");
        if (times > 1) {
            begin(intervalMillis, intervalMillis, times - 1);
        }
    }

    private void hear(String message) {
        Matcher found = CANARY.matcher(message);
        while (found.find()) {
            figures.canaries.increment();
            if (Integer.parseInt(found.group(1)) != number) {
                figures.strange.increment();
            }
        }
        if (message.startsWith("{\"type\":\"session.created\"")) {
            socket.writeTextMessage(SETTINGS);
        } else if (message.startsWith("{\"type\":\"session.updated\"")) {
            ready.tryComplete(this);
        } else if (message.startsWith("{\"type\":\"response.done\"")) {
            done(message);
        } else if (message.startsWith("{\"type\":\"error\"")) {
            failed(CODE.matcher(message));
            canary = null;
        }
    }

    private void done(String message) {
        String mine = canary;
        canary = null;
        if (mine != null && message.contains(mine) && message.contains("\"status\":\"completed\"")) {
            figures.answered.increment();
            figures.nanos.add(System.nanoTime() - askedAt);
        } else {
            failed(CODE.matcher(message));
        }
    }

    private void failed(Matcher code) {
        figures.failed.increment();
        figures.reasons
                .computeIfAbsent(code.find() ? code.group(1) : "unknown", _ -> new LongAdder())
                .increment();
    }

    /** For progress. */
    static long seconds(long nanos) {
        return TimeUnit.NANOSECONDS.toSeconds(nanos);
    }
}
