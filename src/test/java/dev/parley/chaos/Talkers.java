package dev.parley.chaos;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Clients that hold conversations: each asks, waits for {@code response.done}, and asks again, until its socket closes or
 * {@link #hush}. Keeps which responses were seen complete, and which connections were refused and how. Thread-safe.
 */
final class Talkers implements AutoCloseable {
    /** What a node answers that holds no grant and cannot reach Postgres. */
    static final String LEDGER_AWAY = "ledger_unavailable";

    private static final int AGAIN_MILLIS = 200;

    private final Vertx vertx;
    private final WebSocketClient client;
    private final String token;
    private final Map<String, String> seen = new ConcurrentHashMap<>();
    private final Set<WebSocket> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger asked = new AtomicInteger();
    private final AtomicInteger waiting = new AtomicInteger();
    private final List<Refused> refused = new CopyOnWriteArrayList<>();
    private final List<String> errors = new CopyOnWriteArrayList<>();
    private final AtomicInteger unpaid = new AtomicInteger();
    private volatile boolean hushed;

    /**
     * A connection that was refused.
     *
     * @param status 0 if it failed without an HTTP answer
     */
    record Refused(int status, @Nullable String retryAfter) {}

    Talkers(Vertx vertx, String token) {
        this.vertx = vertx;
        this.client = vertx.createWebSocketClient(
                new WebSocketClientOptions().setMaxConnections(1_000).setMaxMessageSize(16 << 20));
        this.token = token;
    }

    /** Connects one more; fails if it is refused. Completes when the session is there. */
    Future<WebSocket> connect(URI url) {
        WebSocketConnectOptions options = new WebSocketConnectOptions()
                .setHost(url.getHost())
                .setPort(url.getPort())
                .setURI(url.getRawPath() + "?" + url.getRawQuery())
                .putHeader("Authorization", "Bearer " + token);
        return client.connect(options)
                .onSuccess(this::talk)
                .onFailure(failure -> refused.add(
                        failure instanceof UpgradeRejectedException rejection
                                ? new Refused(
                                        rejection.getStatus(),
                                        rejection.getHeaders().get("Retry-After"))
                                : new Refused(0, null)));
    }

    /** The responses of which {@code response.done} arrived, with their status. */
    Map<String, String> seen() {
        return seen;
    }

    int asked() {
        return asked.get();
    }

    /** Responses asked for on open sockets, and not complete. */
    int waiting() {
        return waiting.get();
    }

    int open() {
        return open.size();
    }

    List<Refused> refused() {
        return refused;
    }

    /** The error events received, as {@code code: message}. */
    List<String> errors() {
        return errors;
    }

    /** Responses refused for the budget since the last one that was complete; who was refused asks again soon. */
    int unpaid() {
        return unpaid.get();
    }

    /** No more questions. */
    void hush() {
        hushed = true;
    }

    void speakAgain(URI url, int number) {
        hushed = false;
        for (int next = 0; next < number; next++) {
            connect(url);
        }
    }

    @Override
    public void close() {
        client.close();
    }

    private void talk(WebSocket socket) {
        open.add(socket);
        AtomicInteger own = new AtomicInteger();
        socket.textMessageHandler(text -> onEvent(socket, own, new JsonObject(text)));
        socket.closeHandler(_ -> {
            open.remove(socket);
            waiting.addAndGet(-own.getAndSet(0));
        });
    }

    private void onEvent(WebSocket socket, AtomicInteger own, JsonObject event) {
        switch (event.getString("type")) {
            case "session.created" -> {
                send(
                        socket,
                        new JsonObject()
                                .put("type", "session.update")
                                .put(
                                        "session",
                                        new JsonObject()
                                                .put("type", "realtime")
                                                .put("output_modalities", List.of("text"))));
                ask(socket, own);
            }
            case "response.done" -> {
                JsonObject response = event.getJsonObject("response");
                seen.put(response.getString("id"), response.getString("status"));
                unpaid.set(0);
                answered(own);
                ask(socket, own);
            }
            case "error" -> {
                JsonObject error = event.getJsonObject("error");
                if ("budget_exhausted".equals(error.getString("code"))) {
                    unpaid.incrementAndGet();
                    answered(own);
                    vertx.setTimer(AGAIN_MILLIS, _ -> ask(socket, own));
                    return;
                }
                errors.add(error.getString("code") + ": " + error.getString("message"));
                if (LEDGER_AWAY.equals(error.getString("code"))) {
                    answered(own);
                    vertx.setTimer(AGAIN_MILLIS, _ -> ask(socket, own));
                }
            }
            default -> {
                // deltas and acknowledgements
            }
        }
    }

    private void answered(AtomicInteger own) {
        if (own.get() > 0) {
            own.decrementAndGet();
            waiting.decrementAndGet();
        }
    }

    private void ask(WebSocket socket, AtomicInteger own) {
        if (hushed || !open.contains(socket)) {
            return;
        }
        own.incrementAndGet();
        waiting.incrementAndGet();
        send(
                socket,
                new JsonObject()
                        .put("type", "conversation.item.create")
                        .put(
                                "item",
                                new JsonObject()
                                        .put("type", "message")
                                        .put("role", "user")
                                        .put(
                                                "content",
                                                List.of(new JsonObject()
                                                        .put("type", "input_text")
                                                        .put("text", "question " + asked.incrementAndGet())))));
        send(socket, new JsonObject().put("type", "response.create"));
    }

    private static void send(WebSocket socket, JsonObject event) {
        socket.writeTextMessage(event.encode());
    }
}
