package dev.parley.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.protocol.Json;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ClientWebSocket;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.http.WebSocketFrame;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A client on a real socket that keeps what it hears. Used from a test's thread. */
public final class WireClient implements AutoCloseable {
    private static final long SECONDS_MAX = 20;

    private final WebSocketClient sockets;
    private final ClientWebSocket socket;
    private final BlockingQueue<JsonNode> waiting = new LinkedBlockingQueue<>();
    private final List<JsonNode> heard = new ArrayList<>();
    private Buffer message = Buffer.buffer();
    private final CompletableFuture<Short> closed = new CompletableFuture<>();

    private WireClient(WebSocketClient sockets) {
        this.sockets = sockets;
        this.socket = sockets.webSocket();
        // before it is connected: it may be closed as soon as it is
        socket.frameHandler(this::frame);
        socket.exceptionHandler(_ -> {});
        socket.closeHandler(_ -> {
            Short code = socket.closeStatusCode();
            closed.complete(code == null ? 1006 : code);
        });
    }

    /** Connects; fails with what Vert.x says about a refused upgrade. */
    public static WireClient connect(Vertx vertx, WebSocketConnectOptions options) throws Exception {
        WireClient client = new WireClient(vertx.createWebSocketClient(new WebSocketClientOptions()
                .setMaxFrameSize(64 << 20)
                .setMaxMessageSize(64 << 20)
                .setTryUsePerMessageCompression(true)));
        client.socket.connect(options).toCompletionStage().toCompletableFuture().get(SECONDS_MAX, TimeUnit.SECONDS);
        return client;
    }

    public WebSocket socket() {
        return socket;
    }

    public void send(String json) {
        socket.writeTextMessage(json);
    }

    /** Adds a user's words to the conversation. */
    public WireClient say(String text) {
        send("{\"type\":\"conversation.item.create\",\"item\":{\"type\":\"message\",\"role\":\"user\",\"content\":"
                + "[{\"type\":\"input_text\",\"text\":\"" + text + "\"}]}}");
        return this;
    }

    /** Appends audio in pieces of 100 ms, at once. */
    public WireClient speak(byte[] pcm) {
        for (int at = 0; at < pcm.length; at += 4_800) {
            byte[] piece = Arrays.copyOfRange(pcm, at, Math.min(pcm.length, at + 4_800));
            send("{\"type\":\"input_audio_buffer.append\",\"audio\":\""
                    + Base64.getEncoder().encodeToString(piece) + "\"}");
        }
        return this;
    }

    /** The next event of this type; those before it are kept in {@link #heard}. */
    public JsonNode await(String type) throws Exception {
        return await(type, event -> event.path("type").asText().equals(type));
    }

    public JsonNode await(String what, Predicate<JsonNode> wanted) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS_MAX);
        while (true) {
            JsonNode event = next(deadline);
            if (event == null) {
                throw new AssertionError(
                        "no " + what + " in time; heard " + types() + ", closed " + closed.getNow(null));
            }
            if (wanted.test(event)) {
                return event;
            }
        }
    }

    /** The next event that fits; empty if the connection ends before. */
    public Optional<JsonNode> awaitOrEnd(Predicate<JsonNode> wanted) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS_MAX);
        while (System.nanoTime() < deadline) {
            boolean ended = closed.isDone(); // before: what came until then is in the queue
            JsonNode event = next(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ended ? 0 : 50));
            if (event == null && ended) {
                return Optional.empty();
            }
            if (event != null && wanted.test(event)) {
                return Optional.of(event);
            }
        }
        throw new AssertionError("neither the event nor the end in time; heard " + types());
    }

    /** Everything heard so far, in order. */
    public List<JsonNode> heard() {
        waiting.drainTo(heard);
        return List.copyOf(heard);
    }

    public List<String> types() {
        return heard().stream().map(event -> event.path("type").asText()).toList();
    }

    /** Waits for the other side's close. */
    public int closeCode() throws Exception {
        return closed.get(SECONDS_MAX, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        socket.close();
        sockets.close();
    }

    /** Puts messages together itself: Vert.x loses those whose first fragment is empty. */
    private void frame(WebSocketFrame frame) {
        if (frame.isText() || frame.isContinuation()) {
            message.appendBuffer(frame.binaryData());
            if (frame.isFinal()) {
                waiting.add(Json.object(message).orElseThrow());
                message = Buffer.buffer();
            }
        }
    }

    private @Nullable JsonNode next(long deadline) throws InterruptedException {
        JsonNode event = waiting.poll(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
        if (event != null) {
            heard.add(event);
        }
        return event;
    }
}
