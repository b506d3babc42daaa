package dev.parley.relay;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;

/** Writes the broker's own frames: masked towards a server, plain towards a client. */
final class Frames {
    /** RFC 6455 §5.5. */
    static final int CONTROL_BYTES_MAX = 125;

    private static final int REASON_BYTES_MAX = CONTROL_BYTES_MAX - 2;
    private static final int HEADER_BYTES_MAX = 14;
    private static final int FIN = 0x80;
    private static final int MASKED = 0x80;

    private Frames() {}

    /** A whole message or control frame. */
    static ByteBuf frame(ByteBufAllocator allocator, int opcode, byte[] payload, boolean masked) {
        ByteBuf frame = allocator.ioBuffer(HEADER_BYTES_MAX + payload.length);
        write(frame, opcode, true, payload, masked);
        return frame;
    }

    /** A close frame; one without a payload for {@link CloseCodes#NONE}. */
    static ByteBuf close(ByteBufAllocator allocator, int code, String reason, boolean masked) {
        if (code == CloseCodes.NONE) {
            return frame(allocator, FrameHeader.CLOSE, new byte[0], masked);
        }
        byte[] text = shortened(reason);
        byte[] payload = new byte[2 + text.length];
        payload[0] = (byte) (code >>> 8);
        payload[1] = (byte) code;
        System.arraycopy(text, 0, payload, 2, text.length);
        return frame(allocator, FrameHeader.CLOSE, payload, masked);
    }

    /** Appends a frame to {@code out}. */
    static void write(ByteBuf out, int opcode, boolean fin, byte[] payload, boolean masked) {
        out.writeByte(fin ? FIN | opcode : opcode);
        int flag = masked ? MASKED : 0;
        if (payload.length < 126) {
            out.writeByte(flag | payload.length);
        } else if (payload.length <= 0xFFFF) {
            out.writeByte(flag | 126).writeShort(payload.length);
        } else {
            out.writeByte(flag | 127).writeLong(payload.length);
        }
        if (masked) {
            int mask = ThreadLocalRandom.current().nextInt();
            byte[] copy = payload.clone();
            Masks.apply(copy, 0, copy.length, mask);
            out.writeIntLE(mask).writeBytes(copy);
        } else {
            out.writeBytes(payload);
        }
    }

    private static byte[] shortened(String reason) {
        byte[] utf8 = reason.getBytes(StandardCharsets.UTF_8);
        if (utf8.length <= REASON_BYTES_MAX) {
            return utf8;
        }
        int length = REASON_BYTES_MAX;
        while ((utf8[length] & 0xC0) == 0x80) {
            length--; // never inside a character
        }
        return Arrays.copyOf(utf8, length);
    }
}
