package dev.parley.simulator;

import io.vertx.core.buffer.Buffer;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads a client's WebSocket frames (RFC 6455) from the bytes of its connection and puts messages together. Confined to the
 * event loop of the connection; after a violation it reads no more.
 */
final class FrameReader {
    static final int CONTINUATION = 0;
    static final int TEXT = 1;
    static final int BINARY = 2;
    static final int CLOSE = 8;
    static final int PING = 9;
    static final int PONG = 10;

    private static final int FRAME_BYTES_MAX = 32 << 20;
    private static final int MESSAGE_BYTES_MAX = 64 << 20;
    private static final int CONTROL_BYTES_MAX = 125;
    private static final int FIRST_ALLOCATION = 16 << 10;
    private static final int HEADER_BYTES_MAX = 14;

    /** Told of whole messages and of control frames. */
    interface Listener {
        void onText(String text);

        void onBinary(int bytes);

        void onPing(byte[] payload);

        /** {@code code} is 1005 when the frame had none. */
        void onClose(int code, byte[] payload);

        /** The client broke the protocol: close with this code. */
        void onViolation(int code, String reason);
    }

    private final Listener listener;
    private final byte[] header = new byte[HEADER_BYTES_MAX];
    private int headerFilled;
    private boolean inPayload;
    private long frameLength;
    private int maskAt;
    private long framePosition;
    private byte[] control = new byte[0];
    private byte[] message = new byte[0];
    private int messageLength;
    private int messageOpcode;
    private boolean broken;

    FrameReader(Listener listener) {
        this.listener = listener;
    }

    void read(Buffer buffer) {
        byte[] bytes = buffer.getBytes();
        int at = 0;
        while (at < bytes.length && !broken) {
            at = inPayload ? readPayload(bytes, at) : readHeader(bytes, at);
        }
    }

    private int readHeader(byte[] bytes, int start) {
        int at = start;
        while (at < bytes.length) {
            header[headerFilled++] = bytes[at++];
            if (headerFilled >= 2 && headerFilled == headerLength()) {
                beginPayload();
                return at;
            }
        }
        return at;
    }

    private int headerLength() {
        int length = header[1] & 0x7f;
        return 2 + (length == 127 ? 8 : length == 126 ? 2 : 0) + (isMasked() ? 4 : 0);
    }

    private boolean isMasked() {
        return (header[1] & 0x80) != 0;
    }

    private int opcode() {
        return header[0] & 0x0f;
    }

    private boolean isLast() {
        return (header[0] & 0x80) != 0;
    }

    private boolean isControl() {
        return opcode() >= CLOSE;
    }

    private void beginPayload() {
        int shortLength = header[1] & 0x7f;
        ByteBuffer view = ByteBuffer.wrap(header);
        frameLength =
                shortLength == 127 ? view.getLong(2) : shortLength == 126 ? view.getShort(2) & 0xffff : shortLength;
        maskAt = headerLength() - 4;
        framePosition = 0;
        headerFilled = 0;
        String wrong = violation();
        if (!wrong.isEmpty()) {
            fail(1002, wrong);
            return;
        }
        if (frameLength < 0 || frameLength > FRAME_BYTES_MAX || messageLength + frameLength > MESSAGE_BYTES_MAX) {
            fail(1009, "too large");
            return;
        }
        if (isControl()) {
            control = new byte[(int) frameLength];
        } else if (opcode() != CONTINUATION) {
            messageOpcode = opcode();
        }
        inPayload = true;
        if (frameLength == 0) {
            endFrame();
        }
    }

    private String violation() {
        if ((header[0] & 0x70) != 0) {
            return "reserved bits";
        }
        if (!isMasked()) {
            return "not masked";
        }
        if (isControl()) {
            boolean known = opcode() <= PONG;
            return known && isLast() && frameLength <= CONTROL_BYTES_MAX ? "" : "bad control frame";
        }
        if (opcode() > BINARY) {
            return "unknown opcode";
        }
        boolean open = messageOpcode != 0;
        return open == (opcode() == CONTINUATION) ? "" : "bad continuation";
    }

    private int readPayload(byte[] bytes, int at) {
        int count = (int) Math.min(bytes.length - at, frameLength - framePosition);
        byte[] target = isControl() ? control : room(count);
        int to = isControl() ? (int) framePosition : messageLength;
        for (int i = 0; i < count; i++) {
            target[to + i] = (byte) (bytes[at + i] ^ header[maskAt + (int) ((framePosition + i) & 3)]);
        }
        framePosition += count;
        if (!isControl()) {
            messageLength += count;
        }
        if (framePosition == frameLength) {
            endFrame();
        }
        return at + count;
    }

    /** Grows with what has come, not with what a header promises. */
    private byte[] room(int count) {
        if (messageLength + count > message.length) {
            int doubled = Math.max(FIRST_ALLOCATION, 2 * message.length);
            message = Arrays.copyOf(message, Math.max(messageLength + count, doubled));
        }
        return message;
    }

    private void endFrame() {
        inPayload = false;
        switch (opcode()) {
            case PING -> listener.onPing(control);
            case PONG -> {}
            case CLOSE -> endConnection();
            default -> {
                if (isLast()) {
                    endMessage();
                }
            }
        }
    }

    private void endConnection() {
        broken = true;
        int code = control.length >= 2 ? ByteBuffer.wrap(control).getShort() & 0xffff : 1005;
        listener.onClose(code, control);
    }

    private void endMessage() {
        int opcode = messageOpcode;
        int length = messageLength;
        byte[] bytes = message;
        messageOpcode = 0;
        messageLength = 0;
        if (bytes.length > FIRST_ALLOCATION) {
            message = new byte[0];
        }
        if (opcode == BINARY) {
            listener.onBinary(length);
            return;
        }
        try {
            listener.onText(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, 0, length))
                    .toString());
        } catch (CharacterCodingException e) {
            fail(1007, "not UTF-8");
        }
    }

    private void fail(int code, String reason) {
        broken = true;
        listener.onViolation(code, reason);
    }
}
