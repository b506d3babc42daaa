package dev.parley.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrame;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * The writing side of one socket: shapes messages as the script asks, counts them, and keeps what a slow reader leaves in memory
 * bounded: output is generated only below {@link #GENERATION_BYTES_MAX} unsent bytes, and above {@link #READING_BYTES_MAX}
 * nothing more is read from the client either. Confined to the socket's event loop.
 */
final class Wire {
    private static final long GENERATION_BYTES_MAX = 256 << 10;
    private static final long READING_BYTES_MAX = 4 << 20;

    private final ServerWebSocket socket;
    private final HttpConnection connection;
    private final Script script;
    private final Books books;
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private long unsentBytes;
    private boolean readingPaused;
    private boolean closed;

    Wire(ServerWebSocket socket, HttpConnection connection, Script script, Books books) {
        this.socket = socket;
        this.connection = connection;
        this.script = script;
        this.books = books;
    }

    /** Completes when the message is fully written to the socket; after the close it fails. */
    Future<Void> send(ObjectNode event) {
        if (closed) {
            return Future.failedFuture("closed");
        }
        String text = Json.write(shaped(event));
        int size = text.length();
        unsentBytes += size;
        books.sent(size);
        if (unsentBytes > READING_BYTES_MAX && !readingPaused) {
            readingPaused = true;
            socket.pause();
        }
        return write(text).onComplete(ignored -> onWritten(size));
    }

    /** Whether a producer has to wait, see {@link #whenClear}. */
    boolean isCongested() {
        return unsentBytes >= GENERATION_BYTES_MAX;
    }

    /** Runs {@code producer} once the reader has caught up. */
    void whenClear(Runnable producer) {
        waiting.add(producer);
    }

    void stopReading() {
        socket.pause();
    }

    void ping() {
        if (!closed) {
            socket.writePing(Buffer.buffer("simulator"));
        }
    }

    void close(int code, String reason) {
        if (!closed) {
            closed = true;
            socket.close((short) code, reason);
        }
    }

    /** Drops the connection without a close frame. */
    void reset() {
        closed = true;
        connection.close();
    }

    void onClosed() {
        closed = true;
        waiting.clear();
    }

    private void onWritten(int size) {
        unsentBytes -= size;
        if (readingPaused && unsentBytes < READING_BYTES_MAX / 2 && !closed) {
            readingPaused = false;
            if (!script.flag(ScriptKey.STOP_READING)) {
                socket.resume();
            }
        }
        while (!isCongested() && !waiting.isEmpty()) {
            waiting.remove().run();
        }
    }

    private ObjectNode shaped(ObjectNode event) {
        script.object(ScriptKey.EXTRA_FIELDS).ifPresent(event::setAll);
        if (script.flag(ScriptKey.TYPE_LAST)) {
            JsonNode type = event.remove("type");
            event.set("type", type);
        }
        return event;
    }

    private Future<Void> write(String text) {
        int fragments = script.count(ScriptKey.FRAGMENT_MESSAGES, 1);
        boolean emptyFirst = script.flag(ScriptKey.EMPTY_FIRST_FRAGMENT);
        if (fragments <= 1 && !emptyFirst) {
            return socket.writeTextMessage(text);
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int from = emptyFirst ? 0 : firstCharacters(text, Math.ceilDiv(bytes.length, fragments));
        socket.writeFrame(WebSocketFrame.textFrame(emptyFirst ? "" : text.substring(0, from), false));
        int at = emptyFirst ? 0 : text.substring(0, from).getBytes(StandardCharsets.UTF_8).length;
        return writeRest(bytes, at, Math.max(1, Math.ceilDiv(bytes.length, Math.max(1, fragments))));
    }

    /** Continuation frames may split a character; the first, a text frame, is cut between two. */
    private Future<Void> writeRest(byte[] bytes, int start, int step) {
        int at = start;
        while (bytes.length - at > step) {
            socket.writeFrame(WebSocketFrame.continuationFrame(Buffer.buffer(slice(bytes, at, at + step)), false));
            at += step;
        }
        return socket.writeFrame(WebSocketFrame.continuationFrame(Buffer.buffer(slice(bytes, at, bytes.length)), true));
    }

    private static byte[] slice(byte[] bytes, int from, int to) {
        return java.util.Arrays.copyOfRange(bytes, from, to);
    }

    private static int firstCharacters(String text, int wanted) {
        int count = Math.min(wanted, text.length());
        boolean splitsPair = count > 0 && Character.isHighSurrogate(text.charAt(count - 1));
        return splitsPair ? count - 1 : count;
    }
}
