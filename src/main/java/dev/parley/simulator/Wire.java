package dev.parley.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.Trees;
import io.vertx.core.Future;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * The writing side of one session: shapes messages as the script asks, counts them, and keeps what a slow reader leaves in memory
 * bounded: output is generated only below {@link #GENERATION_BYTES_MAX} unsent bytes, and above {@link #READING_BYTES_MAX}
 * nothing more is read from the client either. Confined to the socket's event loop.
 */
final class Wire {
    private static final long GENERATION_BYTES_MAX = 256 << 10;
    private static final long READING_BYTES_MAX = 4 << 20;

    private final Line line;
    private final Script script;
    private final Books books;
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private long unsentBytes;
    private int sent;
    private boolean readingPaused;
    private boolean closed;

    Wire(Line line, Script script, Books books) {
        this.line = line;
        this.script = script;
        this.books = books;
    }

    /** Completes when the message is fully written to the socket; after the close it fails. */
    Future<Void> send(ObjectNode event) {
        if (closed) {
            return Future.failedFuture("closed");
        }
        byte[] bytes = Trees.writeBytes(shaped(event));
        int twice = script.count(ScriptKey.DUPLICATE_EVERY, 0);
        if (twice > 0 && ++sent % twice == 0) {
            write(bytes);
        }
        int size = bytes.length;
        unsentBytes += size;
        books.sent(size);
        if (unsentBytes > READING_BYTES_MAX && !readingPaused) {
            readingPaused = true;
            line.pause();
        }
        return write(bytes).onComplete(ignored -> onWritten(size));
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
        line.pause();
    }

    void ping() {
        if (!closed) {
            line.ping();
        }
    }

    void close(int code, String reason) {
        if (!closed) {
            closed = true;
            line.close(code, reason);
        }
    }

    /** Drops the connection without a close frame. */
    void reset() {
        closed = true;
        line.drop();
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
                line.resume();
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

    private Future<Void> write(byte[] bytes) {
        int fragments = Math.max(1, script.count(ScriptKey.FRAGMENT_MESSAGES, 1));
        int opcode = FrameReader.TEXT;
        if (script.flag(ScriptKey.EMPTY_FIRST_FRAGMENT)) {
            line.write(opcode, false, bytes, 0, 0);
            opcode = FrameReader.CONTINUATION;
        }
        int step = Math.max(1, Math.ceilDiv(bytes.length, fragments));
        int at = 0;
        while (bytes.length - at > step) {
            line.write(opcode, false, bytes, at, at + step);
            opcode = FrameReader.CONTINUATION;
            at += step;
        }
        return line.write(opcode, true, bytes, at, bytes.length);
    }
}
