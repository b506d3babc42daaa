package dev.parley.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.protocol.Json;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.ServerWebSocket;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A provider whose events are numbered within their session, and which keeps its own record of them, so that whoever hears
 * them can tell whether one is missing or came twice. Each {@code response.create} is answered with text deltas, some of them
 * large, a little apart; its metadata may say how many {@code deltas} of how many {@code bytes}.
 */
final class NumberedUpstream {
    private static final int LARGE_EVERY = 7;
    private static final int LARGE_BYTES = 12_000;
    private static final int SMALL_BYTES = 120;

    private final Vertx vertx;
    private final int deltas;
    private final HttpServer server;
    private final AtomicInteger sessions = new AtomicInteger();
    private final AtomicInteger open = new AtomicInteger();
    private final Map<String, Session> all = new ConcurrentHashMap<>();

    /** One event: its number, and the text that it consists of. */
    record Numbered(String id, int hash) {}

    NumberedUpstream(Vertx vertx, int deltas) throws Exception {
        this.vertx = vertx;
        this.deltas = deltas;
        this.server = vertx.createHttpServer();
        server.webSocketHandler(socket -> new Session(socket).begin());
        BrokerRig.get(server.listen(0, "127.0.0.1"));
    }

    URI url() {
        return URI.create("ws://127.0.0.1:" + server.actualPort() + "/v1");
    }

    /** The events of a session that are its client's, in order. */
    List<Numbered> sent(String session) {
        return List.copyOf(of(session).events);
    }

    /** The types of the events that a session's client has sent. */
    List<String> heard(String session) {
        return List.copyOf(of(session).heard);
    }

    /** Whether nobody takes what the session's socket has to send. */
    boolean isStuck(String session) {
        return of(session).socket.writeQueueFull();
    }

    /** Whether a response of the session is not at its end yet. */
    boolean isSpeaking(String session) {
        return of(session).speaking;
    }

    /** The session that began last. */
    String latest() {
        return "sess_" + sessions.get();
    }

    /** Sockets that are open. */
    int open() {
        return open.get();
    }

    private Session of(String session) {
        return Objects.requireNonNull(all.get(session), session);
    }

    private final class Session {
        private final ServerWebSocket socket;
        private final String id = "sess_" + sessions.incrementAndGet();
        private final List<Numbered> events = new CopyOnWriteArrayList<>();
        private final List<String> heard = new CopyOnWriteArrayList<>();
        private volatile boolean speaking;
        private int responses;

        Session(ServerWebSocket socket) {
            this.socket = socket;
        }

        void begin() {
            all.put(id, this);
            open.incrementAndGet();
            socket.closeHandler(_ -> open.decrementAndGet());
            socket.textMessageHandler(this::heard);
            say("session.created", ",\"session\":" + session());
        }

        private void heard(String text) {
            JsonNode event = Json.object(Buffer.buffer(text)).orElseThrow();
            String type = event.path("type").asText();
            heard.add(type);
            if (type.equals("session.update")) { // the broker's own: not for the client
                socket.writeTextMessage(
                        "{\"type\":\"session.updated\",\"event_id\":\"own\",\"session\":" + session() + '}');
            } else if (type.equals("response.create")) {
                JsonNode wish = event.path("response").path("metadata");
                respond(wish.path("deltas").asInt(deltas), wish.path("bytes").asInt(0));
            }
        }

        private void respond(int number, int bytes) {
            String response = "resp_" + id + '_' + ++responses;
            speaking = true;
            say("response.created", ",\"response\":{\"id\":\"" + response + "\",\"conversation_id\":\"conv\"}");
            int[] left = {number};
            vertx.setPeriodic(1, timer -> {
                if (socket.isClosed()) {
                    vertx.cancelTimer(timer);
                } else if (left[0] > 0 && !socket.writeQueueFull()) {
                    delta(response, bytes > 0 ? bytes : left[0] % LARGE_EVERY == 0 ? LARGE_BYTES : SMALL_BYTES);
                    left[0]--;
                } else if (left[0] == 0) {
                    vertx.cancelTimer(timer);
                    speaking = false;
                    say(
                            "response.done",
                            ",\"response\":{\"id\":\"" + response
                                    + "\",\"conversation_id\":\"conv\",\"status\":\"completed\","
                                    + "\"usage\":{\"input_tokens\":10,\"output_tokens\":20}}");
                }
            });
        }

        private void delta(String response, int bytes) {
            String words = (events.size() + " words ").repeat(Math.max(1, bytes / 10));
            say("response.output_text.delta", ",\"response_id\":\"" + response + "\",\"delta\":\"" + words + '"');
        }

        private void say(String type, String members) {
            String event = "event_" + (events.size() + 1);
            String text = "{\"type\":\"" + type + "\",\"event_id\":\"" + event + '"' + members + '}';
            events.add(new Numbered(event, text.hashCode()));
            socket.writeTextMessage(text);
        }

        private String session() {
            return "{\"type\":\"realtime\",\"id\":\"" + id
                    + "\",\"model\":\"gpt-realtime\",\"output_modalities\":[\"text\"],"
                    + "\"max_output_tokens\":4096,\"audio\":{\"input\":{\"format\":{\"type\":\"audio/pcm\",\"rate\":24000},"
                    + "\"transcription\":null,\"turn_detection\":null},\"output\":{\"format\":{\"type\":\"audio/pcm\","
                    + "\"rate\":24000}}}}";
        }
    }
}
