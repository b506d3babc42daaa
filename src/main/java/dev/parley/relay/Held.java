package dev.parley.relay;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import java.util.ArrayList;
import java.util.List;

/**
 * The bytes of one message, frame headers and masks and all, kept as they were read until it is known where they go. What
 * fills less than half of its buffer is copied, so that nobody can pin much memory with few bytes. Owns its buffers.
 */
final class Held {
    private static final int COPY_BYTES = 4 << 10;

    private final ByteBufAllocator allocator;
    private final List<ByteBuf> pieces = new ArrayList<>(2);
    private boolean lastIsCopy;
    private int bytes;

    Held(ByteBufAllocator allocator) {
        this.allocator = allocator;
    }

    /** Keeps {@code length} bytes of {@code in}, which stays the caller's. */
    void add(ByteBuf in, int from, int length) {
        bytes += length;
        if (length * 2 >= in.capacity()) {
            pieces.add(in.retainedSlice(from, length));
            lastIsCopy = false;
        } else {
            copy(in, from, length);
        }
    }

    private void copy(ByteBuf in, int from, int length) {
        ByteBuf last = lastIsCopy ? pieces.getLast() : null;
        if (last == null || last.maxWritableBytes() < length) {
            int room = Math.max(length, Math.min(bytes, 16 * COPY_BYTES));
            last = allocator.ioBuffer(Math.max(room, length), Math.max(room, COPY_BYTES));
            pieces.add(last);
            lastIsCopy = true;
        }
        last.writeBytes(in, from, length);
    }

    int bytes() {
        return bytes;
    }

    /** Hands over the whole message, whose payload is {@code payload} bytes; this is empty afterwards. */
    List<Portion> take(long payload) {
        return take(Edge.MESSAGE, 1, payload);
    }

    /** Hands over the pieces in order, the last of which ends at {@code end}; this is empty afterwards. */
    List<Portion> take(Edge end, int messages, long payload) {
        List<Portion> taken = new ArrayList<>(pieces.size());
        int last = pieces.size() - 1;
        for (int i = 0; i < last; i++) {
            taken.add(new Portion(pieces.get(i), Edge.INSIDE, 0, 0));
        }
        if (last >= 0) {
            taken.add(new Portion(pieces.get(last), end, messages, payload));
        }
        pieces.clear();
        bytes = 0;
        return taken;
    }

    /** The payload, of which there are {@code expected} bytes; the pieces stay. */
    byte[] payload(ByteBuf tail, int expected) {
        CompositeByteBuf all = allocator.compositeBuffer(pieces.size() + 1);
        try {
            pieces.forEach(piece -> all.addComponent(true, piece.retainedSlice()));
            if (tail.isReadable()) {
                all.addComponent(true, tail.retainedSlice());
            }
            return Payload.of(all, expected);
        } finally {
            all.release();
        }
    }

    void release() {
        pieces.forEach(ByteBuf::release);
        pieces.clear();
    }
}
