package dev.parley.simulator;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.NetSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;

/**
 * The server's end of one WebSocket, on the bare connection: Vert.x's own WebSocket cannot drop a connection without a close
 * frame, nor write every sequence of frames. Confined to the event loop of the connection.
 */
final class Peer implements FrameReader.Listener, Line {
    private static final String ACCEPT_SALT = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static final long CLOSE_MILLIS_MAX = 5_000;
    private static final int REASON_BYTES_MAX = 123;

    /** Told of what the client sends. */
    interface Listener {
        void onText(String text);

        void onBinary(int bytes);

        /** Once, however it ended. */
        void onEnded();
    }

    private final Vertx vertx;
    private final NetSocket socket;
    private final Listener listener;
    private boolean closeSent;

    private Peer(Vertx vertx, NetSocket socket, Listener listener) {
        this.vertx = vertx;
        this.socket = socket;
        this.listener = listener;
    }

    /**
     * Answers the upgrade with 101, or fails.
     *
     * @param protocol the subprotocol to select, empty for none
     */
    static Future<Peer> accept(Vertx vertx, HttpServerRequest request, String protocol, Listener listener) {
        String key = request.getHeader("Sec-WebSocket-Key");
        if (key == null || !"13".equals(request.getHeader("Sec-WebSocket-Version"))) {
            return Future.failedFuture("no WebSocket handshake of version 13");
        }
        request.response()
                .putHeader("Upgrade", "websocket")
                .putHeader("Connection", "Upgrade")
                .putHeader("Sec-WebSocket-Accept", acceptFor(key));
        if (!protocol.isEmpty()) {
            request.response().putHeader("Sec-WebSocket-Protocol", protocol);
        }
        return request.toNetSocket().map(socket -> {
            Peer peer = new Peer(vertx, socket, listener);
            FrameReader reader = new FrameReader(peer);
            socket.handler(reader::read);
            socket.closeHandler(ignored -> listener.onEnded());
            socket.exceptionHandler(ignored -> {});
            return peer;
        });
    }

    @Override
    public Future<Void> write(int opcode, boolean last, byte[] payload, int from, int to) {
        int length = to - from;
        Buffer frame = Buffer.buffer(length + 10).appendByte((byte) ((last ? 0x80 : 0) | opcode));
        if (length < 126) {
            frame.appendByte((byte) length);
        } else if (length <= 0xffff) {
            frame.appendByte((byte) 126).appendUnsignedShort(length);
        } else {
            frame.appendByte((byte) 127).appendLong(length);
        }
        return socket.write(frame.appendBytes(payload, from, length));
    }

    @Override
    public void ping() {
        byte[] payload = "simulator".getBytes(StandardCharsets.US_ASCII);
        write(FrameReader.PING, true, payload, 0, payload.length);
    }

    @Override
    public void close(int code, String reason) {
        if (closeSent) {
            return;
        }
        byte[] words = reason.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(words.length, REASON_BYTES_MAX);
        byte[] payload = ByteBuffer.allocate(2 + length)
                .putShort((short) code)
                .put(words, 0, length)
                .array();
        closeSent = true;
        write(FrameReader.CLOSE, true, payload, 0, payload.length);
        socket.resume();
        long timer = vertx.setTimer(CLOSE_MILLIS_MAX, ignored -> socket.close());
        socket.closeHandler(ignored -> {
            vertx.cancelTimer(timer);
            listener.onEnded();
        });
    }

    @Override
    public void drop() {
        closeSent = true;
        socket.close();
    }

    @Override
    public void pause() {
        socket.pause();
    }

    @Override
    public void resume() {
        socket.resume();
    }

    @Override
    public void onText(String text) {
        if (!closeSent) {
            listener.onText(text);
        }
    }

    @Override
    public void onBinary(int bytes) {
        if (!closeSent) {
            listener.onBinary(bytes);
        }
    }

    @Override
    public void onPing(byte[] payload) {
        if (!closeSent) {
            write(FrameReader.PONG, true, payload, 0, payload.length);
        }
    }

    @Override
    public void onClose(int code, byte[] payload) {
        if (!closeSent) {
            closeSent = true;
            byte[] answer = code == 1005 ? new byte[0] : Arrays.copyOf(payload, 2);
            write(FrameReader.CLOSE, true, answer, 0, answer.length);
        }
        socket.close();
    }

    @Override
    public void onViolation(int code, String reason) {
        close(code, reason);
    }

    private static String acceptFor(String key) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-1");
            byte[] hash = digest.digest((key + ACCEPT_SALT).getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-1 is part of every Java", e);
        }
    }
}
