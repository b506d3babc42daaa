package dev.parley.chaos;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Clients of which each wants one response: every other one asks by {@code response.create}, the rest by speech. Who is
 * refused because the rest of the budget is set aside for running work asks again; who hears that it is spent goes. Who loses
 * the connection goes to the next node. Thread-safe; the clients live on one event loop.
 */
final class Crowd implements AutoCloseable {
    private static final int AGAIN_MILLIS = 500;
    private static final String AUDIO = speech();

    private final Vertx vertx;
    private final Context context;
    private final WebSocketClient sockets;
    private final String token;
    private final List<URI> nodes;
    private final List<Client> clients = new ArrayList<>();
    private final Map<String, String> seen = new ConcurrentHashMap<>();
    private final AtomicInteger ready = new AtomicInteger();
    private final AtomicInteger asks = new AtomicInteger();
    private final AtomicInteger answeredClients = new AtomicInteger();
    private final AtomicInteger answeredSpeakers = new AtomicInteger();
    private final AtomicInteger ended = new AtomicInteger();
    private final AtomicInteger lost = new AtomicInteger();
    private final List<String> surprises = new CopyOnWriteArrayList<>();
    private volatile boolean asking;
    private volatile boolean leaving;

    /** @param nodes where to connect to */
    Crowd(Vertx vertx, String token, List<URI> nodes) {
        this.vertx = vertx;
        this.context = vertx.getOrCreateContext();
        this.sockets = vertx.createWebSocketClient(new WebSocketClientOptions().setMaxConnections(10_000));
        this.token = token;
        this.nodes = nodes;
    }

    /** Connects so many clients, spread over the nodes; none asks for anything yet. */
    void connect(int number) {
        for (int i = 0; i < number; i++) {
            Client client = new Client(i % 2 == 0, i % nodes.size());
            clients.add(client);
            context.runOnContext(_ -> client.connect());
        }
    }

    /** All ask now. */
    void ask() {
        asking = true;
        clients.forEach(client -> context.runOnContext(_ -> client.ask()));
    }

    /** Who has not been answered gives up. */
    void leave() {
        leaving = true;
        clients.forEach(client -> context.runOnContext(_ -> client.end()));
    }

    /** Clients whose session is as they want it. */
    int ready() {
        return ready.get();
    }

    /** Clients that were answered, or heard that the budget is spent, or gave up. */
    int ended() {
        return ended.get();
    }

    int answered() {
        return answeredClients.get();
    }

    /** Those of the answered who spoke. */
    int answeredSpeakers() {
        return answeredSpeakers.get();
    }

    /** Requests and turns, repeated ones included. */
    int asks() {
        return asks.get();
    }

    /** Connections that ended, or were refused, before their client was done. */
    int lost() {
        return lost.get();
    }

    /** The responses of which {@code response.done} arrived, with their status. */
    Map<String, String> seen() {
        return seen;
    }

    /** Those who wait, each with what it last did or heard. */
    List<String> waiting() {
        return clients.stream()
                .filter(client -> !client.over)
                .map(Client::toString)
                .toList();
    }

    /** Errors that nothing here should cause, as {@code code: message}. */
    List<String> surprises() {
        return surprises;
    }

    @Override
    public void close() {
        sockets.close();
    }

    /** Half a second in G.711 u-law: silence, 200 ms of noise, silence. */
    private static String speech() {
        byte[] audio = new byte[8 * 600];
        Arrays.fill(audio, (byte) 0xFF);
        for (int at = 8 * 100; at < 8 * 300; at++) {
            audio[at] = (byte) (at % 2 == 0 ? 0x00 : 0x80);
        }
        return Base64.getEncoder().encodeToString(audio);
    }

    /** One client. On the crowd's event loop. */
    private final class Client {
        private final boolean speaks;
        private volatile int node;
        private @Nullable WebSocket socket;
        private boolean ready;
        private boolean listened;
        private volatile boolean over;
        private volatile String last = "nothing";

        Client(boolean speaks, int node) {
            this.speaks = speaks;
            this.node = node;
        }

        @Override
        public String toString() {
            return (speaks ? "speaks" : "types") + ", node " + node + ", last " + last;
        }

        void connect() {
            URI url = nodes.get(node);
            sockets.connect(new WebSocketConnectOptions()
                            .setHost(url.getHost())
                            .setPort(url.getPort())
                            .setURI(url.getRawPath() + "?" + url.getRawQuery())
                            .putHeader("Authorization", "Bearer " + token))
                    .onSuccess(this::connected)
                    .onFailure(this::refused);
        }

        /** Speakers have the session listen first: their first turn follows when it does. */
        void ask() {
            WebSocket open = socket;
            if (open == null || !ready || over) {
                return;
            }
            if (speaks && !listened) {
                listened = true;
                send(open, hearSpeech());
                return;
            }
            asks.incrementAndGet();
            last = "asked";
            send(open, speaks ? speak() : new JsonObject().put("type", "response.create"));
        }

        void end() {
            if (!over) {
                over = true;
                ended.incrementAndGet();
                if (socket != null) {
                    socket.close();
                }
            }
        }

        private void connected(WebSocket open) {
            socket = open;
            open.textMessageHandler(text -> onEvent(open, new JsonObject(text)));
            open.exceptionHandler(_ -> {});
            open.closeHandler(_ -> {
                if (!over) {
                    lost.incrementAndGet();
                    elsewhere();
                }
            });
            if (over) {
                open.close();
            }
        }

        private void refused(Throwable failure) {
            if (failure instanceof UpgradeRejectedException rejection && rejection.getStatus() == 429) {
                refusedFor(new JsonObject(rejection.getBody()).getJsonObject("error"), this::connect);
            } else if (!over) {
                lost.incrementAndGet();
                later(this::elsewhere);
            }
        }

        private void elsewhere() {
            socket = null;
            ready = false;
            listened = false;
            node = (node + 1) % nodes.size();
            if (!over && !leaving) {
                connect();
            }
        }

        private void onEvent(WebSocket open, JsonObject event) {
            last = event.getString("type");
            switch (last) {
                case "session.created" -> send(open, hearNothing());
                case "session.updated" -> {
                    Crowd.this.ready.addAndGet(ready ? 0 : 1);
                    ready = true;
                    if (asking) {
                        ask();
                    }
                }
                case "response.done" -> done(event.getJsonObject("response"));
                case "error" -> refusedFor(event.getJsonObject("error"), this::ask);
                default -> {
                    // deltas and acknowledgements
                }
            }
        }

        private void done(JsonObject response) {
            seen.put(response.getString("id"), response.getString("status"));
            if (response.getString("status").equals("completed")) {
                answeredClients.incrementAndGet();
                answeredSpeakers.addAndGet(speaks ? 1 : 0);
                end();
            } else {
                later(this::ask);
            }
        }

        private void refusedFor(JsonObject error, Runnable again) {
            boolean spent = "budget_exhausted".equals(error.getString("code"));
            if (!spent) {
                surprises.add(error.getString("code") + ": " + error.getString("message"));
            }
            if (!spent || error.getString("message").contains("set aside")) {
                later(again);
            } else {
                end();
            }
        }

        private void later(Runnable again) {
            if (!over && !leaving) {
                vertx.setTimer(AGAIN_MILLIS, _ -> again.run());
            }
        }

        private static JsonObject hearSpeech() {
            return update(new JsonObject()
                    .put("format", new JsonObject().put("type", "audio/pcmu"))
                    .put(
                            "turn_detection",
                            new JsonObject().put("type", "server_vad").put("silence_duration_ms", 200)));
        }

        private static JsonObject speak() {
            return new JsonObject().put("type", "input_audio_buffer.append").put("audio", AUDIO);
        }

        private static JsonObject hearNothing() {
            return update(new JsonObject().putNull("turn_detection"));
        }

        private static JsonObject update(JsonObject input) {
            return new JsonObject()
                    .put("type", "session.update")
                    .put(
                            "session",
                            new JsonObject()
                                    .put("type", "realtime")
                                    .put("output_modalities", List.of("text"))
                                    .put("audio", new JsonObject().put("input", input)));
        }

        private static void send(WebSocket socket, JsonObject event) {
            socket.writeTextMessage(event.encode());
        }
    }
}
