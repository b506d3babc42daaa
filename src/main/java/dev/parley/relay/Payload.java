package dev.parley.relay;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/** Takes the payload out of the frames of one message, unmasked; the last frame may be there in part. */
final class Payload {
    private final FrameHeader header = new FrameHeader();
    private byte[] bytes;
    private int length;

    private Payload(int expected) {
        this.bytes = new byte[expected];
    }

    /** The payload of the frames in {@code frames}, of which there are {@code expected} bytes. */
    static byte[] of(ByteBuf frames, int expected) {
        Payload payload = new Payload(expected);
        payload.read(frames);
        return payload.length == payload.bytes.length ? payload.bytes : Arrays.copyOf(payload.bytes, payload.length);
    }

    private void read(ByteBuf frames) {
        int at = frames.readerIndex();
        int end = frames.writerIndex();
        while (at < end) {
            int size = header.read(frames, at, end);
            if (size == FrameHeader.INCOMPLETE) {
                return;
            }
            at += size;
            int here = (int) Math.min(header.length(), end - at);
            frames.getBytes(at, bytes, length, here);
            Masks.apply(bytes, length, here, header.mask());
            length += here;
            at += here;
        }
    }
}
