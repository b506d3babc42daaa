package dev.parley.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.concurrent.Eventually;
import dev.parley.gateway.NumberedUpstream.Numbered;
import dev.parley.protocol.Json;
import dev.parley.relay.Wire;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A client whose connection can be cut without a word, and which comes back as the protocol of resuming says. On plain
 * sockets: of several connections of one of Java's own HTTP clients (25.0.3), now and then one hears large messages wrongly.
 */
final class DroppingClient implements AutoCloseable {
    private static final long SECONDS_MAX = 20;

    private static final int TEXT_PART = 0x01;

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
    DroppingClient(URI base, String token) throws Exception {
        this.token = token;
        this.connection = connect(base, "?model=gpt-realtime");
        await("session.created", 1);
    }

    /** Another connection of the same session, which knows what this one has heard. */
    private DroppingClient(DroppingClient of, URI base) throws Exception {
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
        connection.wire.text(json);
    }

    /** Sends the beginning of a message. */
    void begin(String json) throws Exception {
        connection.wire.frame(TEXT_PART, json.getBytes(StandardCharsets.UTF_8));
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
        try {
            connection.dropped.get(SECONDS_MAX, TimeUnit.SECONDS);
        } catch (TimeoutException late) {
            throw new AssertionError(this + " waits for event " + connection.eventsMax, late);
        }
        if (connection.silently) {
            stale.add(connection);
        }
    }

    /** Cuts the connection; nothing of it is heard any more. */
    void cut() throws IOException {
        deafen();
        connection.wire.close();
    }

    /** Begins to close the connection. */
    void closeWith(int code) throws IOException {
        connection.wire.close(code);
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
    public void close() throws IOException {
        if (!connection.closed.isDone()) {
            connection.wire.close(1000);
        }
        for (Connection old : stale) {
            old.wire.close();
        }
    }

    @Override
    public String toString() {
        return (heard.isEmpty() ? "nothing heard" : session() + ", heard " + heard.size() + ", last " + heard.getLast())
                + ", closed "
                + connection.closed.getNow(null)
                + (connection.failure == null ? "" : " " + connection.failure);
    }

    private Connection connect(URI base, String query) throws Exception {
        try {
            Wire wire = Wire.connect(
                    base.getPort(), base.getPath() + "/realtime" + query, "Authorization: Bearer " + token);
            wire.socket().setSoTimeout(0); // it may be silent for as long as a test likes
            Connection next = new Connection(wire);
            Thread.ofVirtual().start(next::hear);
            return next;
        } catch (IOException refused) {
            throw new AssertionError("no connection at " + base, refused);
        }
    }

    private final class Connection {
        private final Wire wire;
        private final CompletableFuture<Integer> closed = new CompletableFuture<>();
        private final CompletableFuture<Boolean> dropped = new CompletableFuture<>();
        private volatile @Nullable Throwable failure;
        private boolean deaf;
        private int eventsMax = Integer.MAX_VALUE;
        private boolean silently;

        Connection(Wire wire) {
            this.wire = wire;
        }

        /** Reads until it is dropped or closed. */
        void hear() {
            try {
                Wire.Frame frame = wire.message();
                while (frame.opcode() == 1 && heard(frame.text())) {
                    frame = wire.message();
                }
                if (frame.opcode() == 8) {
                    wire.frame(0x88);
                    closed.complete(frame.closeCode());
                }
            } catch (IOException | RuntimeException | AssertionError lost) {
                failure = lost;
                closed.complete(1006);
            }
        }

        /** Whether it goes on listening. */
        private boolean heard(String text) throws IOException {
            synchronized (heard) {
                if (deaf) {
                    return false;
                }
                heard.add(new Heard(Json.object(Buffer.buffer(text)).orElseThrow(), text.hashCode()));
                if (heard.size() < eventsMax) {
                    return true;
                }
                deaf = true;
            }
            if (!silently) {
                wire.close();
            }
            dropped.complete(true);
            return false;
        }
    }
}
