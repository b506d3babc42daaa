package dev.parley.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.Trees;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ClientWebSocket;
import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.http.WebSocketFrame;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/** A raw client: sends JSON, keeps every event in order, and waits for what it expects with a deadline. */
final class RealtimeClient {
    private static final long SECONDS_MAX = 20;

    private final WebSocket socket;
    private final BlockingQueue<JsonNode> arrived = new LinkedBlockingQueue<>();
    private final List<JsonNode> seen = new ArrayList<>();
    private final List<WebSocketFrame> frames = java.util.Collections.synchronizedList(new ArrayList<>());
    private Buffer message = Buffer.buffer();
    private final CompletableFuture<End> end = new CompletableFuture<>();

    /** How the socket ended; code 1006 when there was no close frame. */
    record End(int code, String reason) {}

    /** Held because a client that nobody holds closes its sockets when it is collected. */
    private final WebSocketClient client;

    /** Before the connection: a frame that comes before its handler is lost. */
    private RealtimeClient(WebSocketClient client, WebSocket socket) {
        this.client = client;
        this.socket = socket;
        socket.frameHandler(this::onFrame);
        socket.closeHandler(ignored -> {
            Short code = socket.closeStatusCode();
            String reason = socket.closeReason();
            end.complete(new End(code == null ? 1006 : code, reason == null ? "" : reason));
        });
        socket.exceptionHandler(ignored -> {});
    }

    static RealtimeClient conversation(Vertx vertx, Simulator simulator) throws Exception {
        return connect(vertx, simulator, "/v1/realtime?model=gpt-realtime");
    }

    static RealtimeClient connect(Vertx vertx, Simulator simulator, String uri) throws Exception {
        return connect(vertx, simulator, uri, options -> options.putHeader("Authorization", "Bearer sk-test-key-0001"));
    }

    static RealtimeClient connect(Vertx vertx, Simulator simulator, String uri, Consumer<WebSocketConnectOptions> setup)
            throws Exception {
        WebSocketConnectOptions options = new WebSocketConnectOptions()
                .setHost("127.0.0.1")
                .setPort(simulator.port())
                .setURI(uri);
        setup.accept(options);
        WebSocketClient client = vertx.createWebSocketClient(new WebSocketClientOptions()
                .setMaxFrameSize(64 << 20)
                .setMaxMessageSize(64 << 20)
                .setTryUsePerMessageCompression(true));
        ClientWebSocket socket = client.webSocket();
        RealtimeClient listening = new RealtimeClient(client, socket);
        // On an event loop: from another thread, a close that comes at once can overtake Vert.x's setting of the
        // handlers.
        Promise<WebSocket> connected = Promise.promise();
        vertx.runOnContext(_ -> socket.connect(options).onComplete(connected));
        connected.future().toCompletionStage().toCompletableFuture().get(SECONDS_MAX, TimeUnit.SECONDS);
        return listening;
    }

    /** Connects to what refuses the upgrade, and returns how. */
    static UpgradeRejectedException refused(Vertx vertx, Simulator simulator, String uri) {
        try {
            connect(vertx, simulator, uri);
        } catch (java.util.concurrent.ExecutionException e) {
            if (e.getCause() instanceof UpgradeRejectedException rejected) {
                return rejected;
            }
            throw new AssertionError(e);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
        throw new AssertionError("the upgrade was accepted");
    }

    /** Puts messages together itself: Vert.x loses those whose first fragment is empty. */
    private void onFrame(WebSocketFrame frame) {
        frames.add(frame);
        if (frame.isText() || frame.isContinuation()) {
            message.appendBuffer(frame.binaryData());
            if (frame.isFinal()) {
                arrived.add(Trees.parse(message.toString()));
                message = Buffer.buffer();
            }
        }
    }

    WebSocket socket() {
        return socket;
    }

    List<WebSocketFrame> frames() {
        return List.copyOf(frames);
    }

    RealtimeClient send(String json) throws Exception {
        socket.writeTextMessage(json).toCompletionStage().toCompletableFuture().get(SECONDS_MAX, TimeUnit.SECONDS);
        return this;
    }

    RealtimeClient say(String text) throws Exception {
        ObjectNode item = Trees.object().put("type", "message").put("role", "user");
        item.putArray("content").addObject().put("type", "input_text").put("text", text);
        ObjectNode event = Trees.object().put("type", "conversation.item.create");
        event.set("item", item);
        return send(Trees.write(event));
    }

    /** Sends audio in pieces, as a microphone does, but at once. */
    RealtimeClient speak(byte[] audio, int pieceBytes) throws Exception {
        for (int at = 0; at < audio.length; at += pieceBytes) {
            byte[] piece = java.util.Arrays.copyOfRange(audio, at, Math.min(audio.length, at + pieceBytes));
            send(Trees.write(Trees.object()
                    .put("type", "input_audio_buffer.append")
                    .put("audio", Base64.getEncoder().encodeToString(piece))));
        }
        return this;
    }

    RealtimeClient speak(byte[] pcm) throws Exception {
        return speak(pcm, 4_800);
    }

    /** The next event of this type; all before it are kept in {@link #seen()}. */
    JsonNode await(String type) throws Exception {
        return await(event -> event.path("type").asText().equals(type), type);
    }

    JsonNode await(Predicate<JsonNode> wanted, String what) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS_MAX);
        while (true) {
            JsonNode event = arrived.poll(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            if (event == null) {
                throw new AssertionError("no " + what + " in time, only " + types());
            }
            seen.add(event);
            if (wanted.test(event)) {
                return event;
            }
        }
    }

    JsonNode awaitError() throws Exception {
        return await("error").path("error");
    }

    /** {@code response.done} of the next response to end. */
    JsonNode awaitResponse() throws Exception {
        return await("response.done").path("response");
    }

    End awaitEnd() throws Exception {
        End how = end.get(SECONDS_MAX, TimeUnit.SECONDS);
        arrived.drainTo(seen);
        return how;
    }

    /** Events up to the last one that was waited for. */
    List<JsonNode> seen() {
        return List.copyOf(seen);
    }

    List<String> types() {
        return seen.stream().map(event -> event.path("type").asText()).toList();
    }

    /** The types in order, with a run of the same type as one. */
    List<String> typesOnce() {
        List<String> all = types();
        return IntStream.range(0, all.size())
                .filter(i -> i == 0 || !all.get(i).equals(all.get(i - 1)))
                .mapToObj(all::get)
                .toList();
    }

    List<JsonNode> ofType(String type) {
        return seen.stream()
                .filter(event -> event.path("type").asText().equals(type))
                .toList();
    }

    void close() throws Exception {
        socket.close().toCompletionStage().toCompletableFuture().get(SECONDS_MAX, TimeUnit.SECONDS);
        client.close().toCompletionStage().toCompletableFuture().get(SECONDS_MAX, TimeUnit.SECONDS);
    }
}
