package dev.parley.relay;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The one writer of a leg's socket. Bytes passed from the other leg go out at once; the broker's own messages wait for the
 * end of a message, control frames for the end of a frame. After the close frame nothing is written. One event loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // the pipeline tells how writes and closes end
final class LegWriter {
    /** Big writes are cut up, so that progress of a slow socket is seen. */
    private static final int PIECE_BYTES = 64 << 10;

    private final ChannelHandlerContext ctx;
    private final boolean masked;
    private final int queueBytesMax;
    private final ArrayDeque<ByteBuf> own = new ArrayDeque<>(0);
    private Edge edge = Edge.MESSAGE;
    private byte @Nullable [] pong;
    private @Nullable ByteBuf close;
    private ChannelFutureListener afterClose = ChannelFutureListener.CLOSE;
    private boolean closed;
    private boolean dirty;
    private long handed;
    private long moved;
    private long movedAt;

    LegWriter(ChannelHandlerContext ctx, boolean masked, int queueBytesMax, long now) {
        this.ctx = ctx;
        this.masked = masked;
        this.queueBytesMax = queueBytesMax;
        this.movedAt = now;
    }

    /** Bytes passed from the other leg; owns them. */
    void pass(ByteBuf frames, Edge end) {
        if (closed) {
            frames.release();
            return;
        }
        put(frames);
        edge = end;
        fillGap();
    }

    /** A whole frame of the broker's own message; owns it. */
    void send(ByteBuf frame) {
        if (closed || close != null) {
            frame.release();
        } else if (edge == Edge.MESSAGE) {
            put(frame);
        } else {
            own.add(frame);
        }
    }

    /** Answers a ping; of several that cannot be answered yet, only the last is (RFC 6455 §5.5.3). */
    void pong(byte[] payload) {
        if (!closed) {
            pong = payload;
            if (ctx.channel().isWritable()) {
                fillGap();
            }
        }
    }

    void ping() {
        if (!closed && edge != Edge.INSIDE) {
            put(Frames.frame(ctx.alloc(), FrameHeader.PING, new byte[0], masked));
        }
    }

    /** Ends the writing side behind all that is queued; {@code then} runs when the frame was written. */
    void close(int code, String reason, ChannelFutureListener then) {
        if (!closed && close == null) {
            close = Frames.close(ctx.alloc(), code, reason, masked);
            afterClose = then;
            fillGap();
        }
    }

    /** Whether the close frame is on its way and nothing more will be written. */
    boolean isClosed() {
        return closed;
    }

    boolean insideMessage() {
        return edge != Edge.MESSAGE;
    }

    /** Whether a control frame waits for the end of a frame. */
    boolean wantsGap() {
        return pong != null;
    }

    void writable() {
        fillGap();
    }

    private void fillGap() {
        if (edge != Edge.INSIDE && pong != null) {
            put(Frames.frame(ctx.alloc(), FrameHeader.PONG, pong, masked));
            pong = null;
        }
        if (edge == Edge.MESSAGE) {
            while (!own.isEmpty()) {
                put(own.poll());
            }
            if (close != null) {
                closed = true;
                dirty = true;
                ctx.write(close).addListener(afterClose);
                close = null;
            }
        }
    }

    private void put(ByteBuf bytes) {
        handed += bytes.readableBytes();
        while (bytes.readableBytes() > 2 * PIECE_BYTES) {
            ctx.write(bytes.readRetainedSlice(PIECE_BYTES), ctx.voidPromise());
        }
        ctx.write(bytes, ctx.voidPromise());
        dirty = true; // at last: a piece that fills the queue has the ones before it flushed
    }

    void flush() {
        if (dirty) {
            dirty = false;
            ctx.flush();
        }
    }

    /** Writes nothing any more; what waits for a gap is dropped. */
    void discard() {
        closed = true;
        pong = null;
        own.forEach(ByteBuf::release);
        own.clear();
        if (close != null) {
            close.release();
            close = null;
        }
    }

    /** Lets the socket take what was written, then closes it. */
    void finish() {
        discard();
        ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }

    /** Bytes that the socket has not taken. */
    long queuedBytes() {
        ChannelOutboundBuffer queue = ctx.channel().unsafe().outboundBuffer();
        return queue == null ? 0 : queue.totalPendingWriteBytes();
    }

    boolean isFlooded() {
        return queuedBytes() > queueBytesMax;
    }

    /** The socket's time begins anew. */
    void postpone(long now) {
        movedAt = now;
    }

    /** How long the socket has taken nothing while bytes waited, in nanoseconds. */
    long stalledNanos(long now) {
        ChannelOutboundBuffer queue = ctx.channel().unsafe().outboundBuffer();
        long queued = queue == null ? 0 : queue.totalPendingWriteBytes();
        long taken = queue == null || queued == 0 ? handed : handed - queued + queue.currentProgress();
        if (queued == 0 || taken > moved) {
            movedAt = now;
        }
        moved = taken;
        return now - movedAt;
    }
}
