package dev.parley.bench;

import java.nio.ByteBuffer;

/** WebSocket frames, made once and sent often. */
final class Wire {
    static final int TEXT = 1;
    static final int CLOSE = 8;
    static final int PING = 9;
    static final int PONG = 10;

    private static final int FIN = 0x80;
    private static final int MASKED = 0x80;
    private static final byte[] MASK = {0x37, (byte) 0xfa, 0x21, 0x3d};
    private static final int SMALL_MAX = 125;
    private static final int MEDIUM_MAX = 0xffff;
    private static final int MEDIUM = 126;
    private static final int LARGE = 127;

    private Wire() {}

    /** A whole message in one frame, ready to be duplicated. */
    static ByteBuffer frame(int opcode, byte[] payload, boolean masked) {
        ByteBuffer frame = ByteBuffer.allocateDirect(payload.length + 14);
        frame.put((byte) (FIN | opcode));
        int mask = masked ? MASKED : 0;
        if (payload.length <= SMALL_MAX) {
            frame.put((byte) (mask | payload.length));
        } else if (payload.length <= MEDIUM_MAX) {
            frame.put((byte) (mask | MEDIUM)).putShort((short) payload.length);
        } else {
            frame.put((byte) (mask | LARGE)).putLong(payload.length);
        }
        if (masked) {
            frame.put(MASK);
            for (int i = 0; i < payload.length; i++) {
                frame.put((byte) (payload[i] ^ MASK[i & 3]));
            }
        } else {
            frame.put(payload);
        }
        return frame.flip().asReadOnlyBuffer();
    }
}
