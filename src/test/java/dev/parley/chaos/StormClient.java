package dev.parley.chaos;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetSocket;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A client that can do what a well-behaved library cannot: go away in the middle of anything. Speaks just enough WebSocket.
 * Thread-safe, but for what it hears: that is on its event loop.
 */
final class StormClient {
    static final int SWITCHED = 101;
    /** There was no answer: the broker is gone. */
    static final int NONE = 0;

    private static final String CREATE =
            "{\"type\":\"response.create\",\"response\":{\"output_modalities\":[\"text\"]}}";
    private static final byte[] DONE = "response.done".getBytes(StandardCharsets.UTF_8);

    private final Promise<Integer> answered = Promise.promise();
    private final Promise<Void> gone = Promise.promise();
    private final Promise<Void> done = Promise.promise();
    private volatile @Nullable NetSocket socket;
    private volatile boolean vanishing;
    private volatile boolean open;
    private Buffer unread = Buffer.buffer();

    private StormClient() {}

    /** Asks for a session; {@link #status} tells what came of it. */
    static StormClient ask(NetClient net, int port, String token) {
        StormClient client = new StormClient();
        net.connect(port, "127.0.0.1").onComplete(connected -> {
            if (connected.failed()) {
                client.ended();
            } else {
                client.connected(connected.result(), token);
            }
        });
        return client;
    }

    /** The HTTP status, or {@link #NONE}. */
    Future<Integer> status() {
        return answered.future();
    }

    /** When the connection has ended, whoever ended it. */
    Future<Void> gone() {
        return gone.future();
    }

    /** Has a response generated; completes when it is done, or the connection has ended. */
    Future<Void> speak() {
        byte[] text = CREATE.getBytes(StandardCharsets.UTF_8);
        write(Buffer.buffer()
                .appendBytes(new byte[] {(byte) 0x81, (byte) (0x80 | text.length), 0, 0, 0, 0})
                .appendBytes(text));
        return done.future();
    }

    /** A close as the protocol has it. */
    void close() {
        write(Buffer.buffer(new byte[] {(byte) 0x88, (byte) 0x82, 0, 0, 0, 0, 0x03, (byte) 0xE8}));
    }

    /** No farewell: the connection is reset (the net client lingers for 0 s). */
    void vanish() {
        vanishing = true;
        NetSocket connected = socket;
        if (connected != null) {
            connected.close();
        }
    }

    private void write(Buffer frame) {
        NetSocket connected = socket;
        if (connected != null && open) {
            connected.write(frame);
        }
    }

    private void connected(NetSocket connected, String token) {
        socket = connected;
        connected.closeHandler(_ -> ended());
        connected.exceptionHandler(_ -> {});
        connected.handler(this::heard);
        connected.write("GET /v1/realtime?model=gpt-realtime-2.1 HTTP/1.1\r\nHost: parley\r\nConnection: Upgrade\r\n"
                + "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                + "Authorization: Bearer " + token + "\r\n\r\n");
        if (vanishing) {
            connected.close();
        }
    }

    private void heard(Buffer bytes) {
        unread.appendBuffer(bytes);
        if (!answered.future().isComplete()) {
            if (indexOf("\r\n\r\n".getBytes(StandardCharsets.US_ASCII)) < 0) {
                return;
            }
            int status = Integer.parseInt(unread.getString(9, 12));
            open = status == SWITCHED;
            answered.tryComplete(status);
        }
        if (indexOf(DONE) >= 0) {
            done.tryComplete();
            unread = Buffer.buffer();
        } else if (unread.length() > DONE.length) {
            unread = unread.getBuffer(unread.length() - DONE.length, unread.length());
        }
    }

    private int indexOf(byte[] wanted) {
        byte[] have = unread.getBytes();
        for (int at = 0; at <= have.length - wanted.length; at++) {
            int matching = 0;
            while (matching < wanted.length && have[at + matching] == wanted[matching]) {
                matching++;
            }
            if (matching == wanted.length) {
                return at;
            }
        }
        return -1;
    }

    private void ended() {
        open = false;
        answered.tryComplete(NONE);
        done.tryComplete();
        gone.tryComplete();
    }
}
