package dev.parley.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.concurrent.Eventually;
import dev.parley.gateway.NumberedUpstream.Numbered;
import dev.parley.protocol.Json;
import io.vertx.core.buffer.Buffer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A client whose connection can be cut without a word, and which comes back as the protocol of resuming says. */
final class DroppingClient implements AutoCloseable {
    private static final long SECONDS_MAX = 20;

    private final HttpClient http;
    private final String token;
    private final List<Heard> heard = new CopyOnWriteArrayList<>();
    private final List<Connection> stale = new CopyOnWriteArrayList<>();
    private Connection connection;

    private record Heard(JsonNode event, int hash) {
        String id() {
            return event.path("event_id").asText();
        }

        String type() {
            return event.path("type").asText();
        }
    }

    /** Starts a session. */
    DroppingClient(HttpClient http, URI base, String token) throws Exception {
        this.http = http;
        this.token = token;
        this.connection = connect(base, "?model=gpt-realtime");
        await("session.created", 1);
    }

    /** Another connection of the same session, which knows what this one has heard. */
    private DroppingClient(DroppingClient of, URI base) throws Exception {
        this.http = of.http;
        this.token = of.token;
        this.heard.addAll(of.heard);
        this.connection = connect(base, of.where());
    }

    DroppingClient elsewhere(URI base) throws Exception {
        return new DroppingClient(this, base);
    }

    String session() {
        return heard.getFirst().event().path("session").path("id").asText();
    }

    List<Numbered> events() {
        return heard.stream()
                .map(event -> new Numbered(event.id(), event.hash()))
                .toList();
    }

    List<String> ids() {
        return heard.stream().map(Heard::id).toList();
    }

    /** The first event of this type. */
    JsonNode first(String type) {
        return heard.stream()
                .filter(event -> event.type().equals(type))
                .findFirst()
                .orElseThrow()
                .event();
    }

    /** All events of this type. */
    List<JsonNode> all(String type) {
        return heard.stream()
                .filter(event -> event.type().equals(type))
                .map(Heard::event)
                .toList();
    }

    void send(String json) throws Exception {
        connection.socket.sendText(json, true).get(SECONDS_MAX, TimeUnit.SECONDS);
    }

    /** Sends the beginning of a message. */
    void begin(String json) throws Exception {
        connection.socket.sendText(json, false).get(SECONDS_MAX, TimeUnit.SECONDS);
    }

    /** Waits until so many events have been heard. */
    void awaitEvents(int number) {
        Eventually.holds("event " + number, () -> heard.size() >= number);
    }

    /** Waits until so many events of this type have been heard. */
    void await(String type, int number) {
        try {
            Eventually.holds(number + " " + type, () -> count(type) >= number);
        } catch (AssertionError late) {
            throw new AssertionError(this + " waits for " + number + ' ' + type, late);
        }
    }

    int count(String type) {
        return (int) heard.stream().filter(event -> event.type().equals(type)).count();
    }

    /** Drops the connection as soon as so many events have been heard; nothing of it is heard after them. */
    void dropAfter(int events, boolean silently) {
        synchronized (heard) {
            connection.eventsMax = events;
            connection.silently = silently;
        }
    }

    void awaitDropped() throws Exception {
        connection.dropped.get(SECONDS_MAX, TimeUnit.SECONDS);
        if (connection.silently) {
            stale.add(connection);
        }
    }

    /** Cuts the connection; nothing of it is heard any more. */
    void cut() {
        deafen();
        connection.socket.abort();
    }

    /** Hears nothing any more, but leaves the connection as it is. */
    void fallSilent() {
        deafen();
        stale.add(connection);
    }

    private void deafen() {
        synchronized (heard) {
            connection.deaf = true;
        }
    }

    /** Goes on where it was cut, on whichever broker. */
    void resume(URI base) throws Exception {
        connection = connect(base, where());
    }

    private String where() {
        return "?session_id=" + session() + "&last_event_id=" + ids().getLast();
    }

    /** How the connection was ended by the broker. */
    int closeCode() throws Exception {
        return connection.closed.get(SECONDS_MAX, TimeUnit.SECONDS);
    }

    boolean isClosed() {
        return connection.closed.isDone();
    }

    /** Says goodbye. */
    @Override
    public void close() {
        connection.socket.sendClose(1000, "").handle((_, _) -> true).join();
        stale.forEach(old -> old.socket.abort());
    }

    @Override
    public String toString() {
        return (heard.isEmpty() ? "nothing heard" : session() + ", heard " + heard.size() + ", last " + heard.getLast())
                + ", closed "
                + connection.closed.getNow(null)
                + (connection.failure == null ? "" : " " + connection.failure + " " + connection.failure.getCause());
    }

    private Connection connect(URI base, String query) throws Exception {
        Connection next = new Connection();
        try {
            next.socket = http.newWebSocketBuilder()
                    .header("Authorization", "Bearer " + token)
                    .buildAsync(URI.create(base + "/realtime" + query), next)
                    .get(SECONDS_MAX, TimeUnit.SECONDS);
        } catch (ExecutionException refused) {
            throw new AssertionError(this + " at " + base, refused.getCause());
        }
        return next;
    }

    private final class Connection implements WebSocket.Listener {
        private final StringBuilder message = new StringBuilder();
        private final CompletableFuture<Integer> closed = new CompletableFuture<>();

        @SuppressWarnings("NullAway.Init") // set when it is connected
        private WebSocket socket;

        private final CompletableFuture<Boolean> dropped = new CompletableFuture<>();
        private volatile @Nullable Throwable failure;
        private boolean deaf;
        private int eventsMax = Integer.MAX_VALUE;
        private boolean silently;

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            synchronized (heard) {
                if (deaf) {
                    return null;
                }
                message.append(data);
                if (last) {
                    String text = message.toString();
                    heard.add(new Heard(Json.object(Buffer.buffer(text)).orElseThrow(), text.hashCode()));
                    message.setLength(0);
                }
                if (heard.size() >= eventsMax) {
                    drop(from);
                    return null;
                }
            }
            from.request(1);
            return null;
        }

        private void drop(WebSocket from) {
            deaf = true;
            if (!silently) {
                from.abort();
            }
            dropped.complete(true);
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
            closed.complete(code);
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable error) {
            failure = error;
            closed.complete(1006);
        }
    }
}
