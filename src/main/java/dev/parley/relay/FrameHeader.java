package dev.parley.relay;

import io.netty.buffer.ByteBuf;

/** The header of one frame (RFC 6455 §5.2), read in place. Reused; one event loop. */
final class FrameHeader {
    static final int CONTINUATION = 0;
    static final int TEXT = 1;
    static final int BINARY = 2;
    static final int CLOSE = 8;
    static final int PING = 9;
    static final int PONG = 10;

    /** What {@link #read} says when the header is not there yet. */
    static final int INCOMPLETE = -1;

    private static final int FIN = 0x80;
    private static final int RESERVED_BITS = 0x70;
    private static final int MASKED = 0x80;
    private static final int LENGTH_16 = 126;
    private static final int LENGTH_64 = 127;
    private static final int MASK_BYTES = 4;

    private int first;
    private boolean masked;
    private int mask;
    private long length;
    private boolean minimal;

    /** Reads the header at {@code at}; returns its length, or {@link #INCOMPLETE}. */
    int read(ByteBuf in, int at, int end) {
        if (end - at < 2) {
            return INCOMPLETE;
        }
        first = in.getUnsignedByte(at);
        int second = in.getUnsignedByte(at + 1);
        masked = (second & MASKED) != 0;
        int code = second & ~MASKED;
        int lengthBytes = code == LENGTH_64 ? 8 : code == LENGTH_16 ? 2 : 0;
        int size = 2 + lengthBytes + (masked ? MASK_BYTES : 0);
        if (end - at < size) {
            return INCOMPLETE;
        }
        length = switch (lengthBytes) {
            case 0 -> code;
            case 2 -> in.getUnsignedShort(at + 2);
            default -> in.getLong(at + 2);
        };
        minimal = lengthBytes == 0 || (lengthBytes == 2 ? length >= LENGTH_16 : length > 0xFFFF || length < 0);
        mask = masked ? in.getIntLE(at + 2 + lengthBytes) : 0;
        return size;
    }

    boolean fin() {
        return (first & FIN) != 0;
    }

    boolean reservedBits() {
        return (first & RESERVED_BITS) != 0;
    }

    int opcode() {
        return first & 0x0F;
    }

    boolean isControl() {
        return (first & 0x08) != 0;
    }

    boolean masked() {
        return masked;
    }

    /** The mask whose lowest byte falls on the first byte of the payload; 0 if there is none. */
    int mask() {
        return mask;
    }

    /** Negative if the highest bit is set, which RFC 6455 forbids. */
    long length() {
        return length;
    }

    /** Whether the length is written in the fewest bytes, as RFC 6455 demands. */
    boolean minimal() {
        return minimal;
    }
}
