package dev.parley.bench;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Follows the frames of one direction of one connection, as cheaply as can be: lengths are added up, payload is skipped
 * unless the listener wants it. Trusts its peer, which is part of the benchmark.
 */
final class FrameReader {
    /** So much of a message is always looked at. */
    private static final int PREFIX_MAX = 32;

    private static final int MEDIUM = 126;
    private static final int LARGE = 127;

    private final Listener listener;
    private final byte[] header = new byte[14];
    private final byte[] prefix = new byte[PREFIX_MAX];
    private final byte[] mask = new byte[4];
    private int headerBytes;
    private int headerLength = 2;
    private boolean inPayload;
    private int opcode;
    private boolean last;
    private boolean masked;
    private long frameLeft;
    private long frameRead;
    private long messageRead;
    private @Nullable ByteArrayOutputStream whole;

    /** Hears of messages; on the thread that reads. */
    interface Listener {
        /** Whether a text message that begins so is wanted whole. */
        boolean wantsWhole(byte[] prefix);

        /** A text message has arrived. */
        void onMessage(long bytes, @Nullable String whole);

        void onControl(int opcode, byte[] payload);
    }

    FrameReader(Listener listener) {
        this.listener = listener;
    }

    void read(ByteBuffer bytes) {
        while (bytes.hasRemaining() || (inPayload && frameLeft == 0)) {
            if (inPayload) {
                readPayload(bytes);
            } else {
                readHeader(bytes);
            }
        }
    }

    private void readHeader(ByteBuffer bytes) {
        header[headerBytes++] = bytes.get();
        if (headerBytes == 2) {
            int length = header[1] & 0x7f;
            masked = (header[1] & 0x80) != 0;
            headerLength = 2 + (length == MEDIUM ? 2 : length == LARGE ? 8 : 0) + (masked ? 4 : 0);
        }
        if (headerBytes >= 2 && headerBytes == headerLength) {
            startPayload();
        }
    }

    private void startPayload() {
        int length = header[1] & 0x7f;
        ByteBuffer fields = ByteBuffer.wrap(header, 2, headerLength - 2);
        frameLeft = length == MEDIUM ? fields.getShort() & 0xffff : length == LARGE ? fields.getLong() : length;
        if (masked) {
            fields.get(mask);
        }
        last = (header[0] & 0x80) != 0;
        int code = header[0] & 0x0f;
        if (code != 0) {
            opcode = code;
        }
        if (opcode >= Wire.CLOSE) {
            whole = new ByteArrayOutputStream();
        } else if (code != 0) {
            messageRead = 0;
            whole = null;
        }
        frameRead = 0;
        inPayload = true;
        headerBytes = 0;
        headerLength = 2;
    }

    private void readPayload(ByteBuffer bytes) {
        int count = (int) Math.min(frameLeft, bytes.remaining());
        int start = bytes.position();
        boolean judged = opcode >= Wire.CLOSE || messageRead >= PREFIX_MAX;
        if (!judged) {
            int more = (int) Math.min(count, PREFIX_MAX - messageRead);
            for (int i = 0; i < more; i++) {
                prefix[(int) messageRead + i] = unmasked(bytes.get(start + i), frameRead + i);
            }
            boolean known = messageRead + more == PREFIX_MAX || (last && more == frameLeft);
            if (known && listener.wantsWhole(prefix)) {
                whole = new ByteArrayOutputStream();
                whole.write(prefix, 0, (int) messageRead);
            }
        }
        if (whole != null) {
            for (int i = 0; i < count; i++) {
                whole.write(unmasked(bytes.get(start + i), frameRead + i));
            }
        }
        bytes.position(start + count);
        frameRead += count;
        frameLeft -= count;
        if (opcode < Wire.CLOSE) {
            messageRead += count;
        }
        if (frameLeft == 0) {
            endFrame();
        }
    }

    private void endFrame() {
        inPayload = false;
        ByteArrayOutputStream bytes = whole;
        if (opcode >= Wire.CLOSE) {
            whole = null;
            listener.onControl(opcode, bytes == null ? new byte[0] : bytes.toByteArray());
        } else if (last) {
            whole = null;
            listener.onMessage(
                    messageRead, bytes == null ? null : bytes.toString(java.nio.charset.StandardCharsets.UTF_8));
        }
    }

    private byte unmasked(byte value, long position) {
        return masked ? (byte) (value ^ mask[(int) position & 3]) : value;
    }
}
