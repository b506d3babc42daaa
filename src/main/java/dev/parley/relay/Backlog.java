package dev.parley.relay;

import dev.parley.concurrent.Ticker;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one session's client was sent of late, for the case that it is lost and comes back: the frames that its upstream's
 * leg passed on, and the broker's own events, in the order in which they went out. The oldest go first: over the bytes and
 * the number of one session, over the bytes of the node, and when they are too old. Owns its memory; one event loop.
 *
 * <p>Bytes are copied, so that a few of them never pin a large read buffer, into chunks that grow with what there is. Whole
 * chunks are given up, at the borders of messages only. Nothing is looked into before somebody asks {@link #after}.
 */
public final class Backlog {
    private static final int CHUNK_BYTES_MIN = 4 << 10;
    private static final int CHUNK_BYTES_MAX = 32 << 10;
    /** A chunk takes no more than this part of the longest age and of the greatest number. */
    private static final int PARTS = 8;

    private final MemoryBudget memory;
    private final long attendedBytesMax;
    private final Ticker ticker;
    private final int bytesMax;
    private final long ageMaxNanos;
    private final ArrayDeque<Chunk> chunks = new ArrayDeque<>();
    private final ArrayDeque<Buffer> own = new ArrayDeque<>(0);
    private int bytes;
    private int messages;
    private long dropped;
    /** Whether there is no client now. */
    private boolean unattended;

    private boolean closed;

    /** Whether a message is under way. */
    private boolean inside;

    /** Whether what is under way is not kept, because its beginning is not. */
    private boolean skipping;

    private @Nullable Runnable atEdge;

    /** @param attendedBytesMax what may be taken of the memory while there is a client */
    Backlog(MemoryBudget memory, long attendedBytesMax, Ticker ticker, int bytesMax, Duration ageMax) {
        this.memory = memory;
        this.attendedBytesMax = attendedBytesMax;
        this.ticker = ticker;
        this.bytesMax = bytesMax;
        this.ageMaxNanos = ageMax.toNanos();
    }

    /** A piece of memory with frames in it. */
    private static final class Chunk {
        private final ByteBuf frames;
        private final long begunAt;
        /** Whether it begins inside a message, so that it is worth nothing without the one before. */
        private final boolean continues;

        private int messages;

        Chunk(ByteBuf frames, long begunAt, boolean continues) {
            this.frames = frames;
            this.begunAt = begunAt;
            this.continues = continues;
        }
    }

    /**
     * What follows an event.
     *
     * @param events each a whole text message
     * @param whole whether nothing between that event and these is missing
     */
    public record Replay(List<Buffer> events, boolean whole) {}

    /** Keeps an event of the broker's own that was sent to the client, or would have been if there was one. */
    public void add(Buffer utf8) {
        if (inside) {
            own.add(utf8); // as the client's writer does
        } else {
            addOwn(utf8);
        }
    }

    /** While there is no client, nothing is given up for its age, and the last of the node's memory may be taken. */
    public void unattended(boolean now) {
        unattended = now;
    }

    /** Gives up what is too old. What is idle must be asked now and then. */
    public void expire() {
        long now = ticker.nanos();
        while (!unattended && !chunks.isEmpty() && now - chunks.getFirst().begunAt > ageMaxNanos) {
            dropOldest();
        }
    }

    /** Whether a message is under way. */
    public boolean isInside() {
        return inside;
    }

    /** Runs the action when no message is under way: now, or after the one that is. One at a time. */
    public void atEdge(Runnable action) {
        if (inside) {
            atEdge = action;
        } else {
            action.run();
        }
    }

    /**
     * Everything that was sent after an event. Only at an edge.
     *
     * @param eventId of the last event that the client has; null if it has none
     */
    public Replay after(@Nullable String eventId) {
        List<byte[]> messages = messages();
        int next = eventId == null ? 0 : behind(messages, eventId);
        boolean whole = eventId == null ? dropped == 0 : next >= 0;
        List<Buffer> events = messages.subList(Math.max(0, next), messages.size()).stream()
                .map(Buffer::buffer)
                .toList();
        return new Replay(events, whole);
    }

    /** Gives everything up; nothing is kept any more. */
    public void close() {
        while (!chunks.isEmpty()) {
            dropOldest();
        }
        own.clear();
        atEdge = null;
        closed = true;
    }

    /** Keeps a copy of what goes on; the portion stays its owner's. */
    void add(Portion portion) {
        if (!skipping) {
            skipping = !append(portion.frames(), portion.messages());
        }
        dropped += skipping ? portion.messages() : 0;
        inside = portion.end() != Edge.MESSAGE;
        skipping &= inside;
        while (!inside && !own.isEmpty()) {
            addOwn(own.remove());
        }
    }

    /** The portion that was added last is on its way. */
    void moved() {
        Runnable action = atEdge;
        if (action != null && !inside) {
            atEdge = null;
            action.run();
        }
    }

    private void addOwn(Buffer utf8) {
        ByteBuf frame = Frames.frame(ByteBufAllocator.DEFAULT, FrameHeader.TEXT, utf8.getBytes(), false);
        dropped += append(frame, 1) ? 0 : 1;
        frame.release();
    }

    /** Whether it is kept. */
    private boolean append(ByteBuf frames, int count) {
        int length = frames.readableBytes();
        long now = ticker.nanos();
        expire();
        while (messages + count > Backlogs.SESSION_EVENTS_MAX && !chunks.isEmpty()) {
            dropOldest();
        }
        Chunk last = chunks.peekLast();
        if (last == null || last.frames.writableBytes() < length || isOver(last, now)) {
            last = closed ? null : newChunk(length, now);
        }
        if (last == null) {
            return false;
        }
        last.frames.writeBytes(frames, frames.readerIndex(), length);
        last.messages += count;
        messages += count;
        return true;
    }

    /** Whether the chunk is closed, so that it can be given up in good time. */
    private boolean isOver(Chunk chunk, long now) {
        return now - chunk.begunAt > ageMaxNanos / PARTS || chunk.messages > Backlogs.SESSION_EVENTS_MAX / PARTS;
    }

    private @Nullable Chunk newChunk(int length, long now) {
        int room = Math.max(length, Math.clamp(bytes, CHUNK_BYTES_MIN, CHUNK_BYTES_MAX));
        long nodeBytesMax = unattended ? Long.MAX_VALUE : attendedBytesMax;
        while (bytes + room > bytesMax || !memory.takeWithin(room, nodeBytesMax)) {
            if (chunks.isEmpty()) {
                return null;
            }
            dropOldest();
        }
        if (inside && chunks.isEmpty()) {
            memory.give(room);
            return null;
        }
        bytes += room;
        Chunk chunk = new Chunk(ByteBufAllocator.DEFAULT.directBuffer(room, room), now, inside);
        chunks.add(chunk);
        return chunk;
    }

    private void dropOldest() {
        do {
            Chunk oldest = chunks.remove();
            dropped += oldest.messages;
            messages -= oldest.messages;
            bytes -= oldest.frames.capacity();
            memory.give(oldest.frames.capacity());
            oldest.frames.release();
        } while (!chunks.isEmpty() && chunks.getFirst().continues);
        skipping |= inside && chunks.isEmpty();
    }

    private List<byte[]> messages() {
        ByteBuf all = Unpooled.buffer(bytes);
        chunks.forEach(chunk -> all.writeBytes(chunk.frames, 0, chunk.frames.readableBytes()));
        List<byte[]> messages = new ArrayList<>();
        FrameHeader header = new FrameHeader();
        int from = 0;
        int payload = 0;
        for (int at = 0; at < all.writerIndex(); ) {
            at += header.read(all, at, all.writerIndex()) + (int) header.length();
            payload += (int) header.length();
            if (header.fin()) {
                messages.add(Payload.of(all.slice(from, at - from), payload));
                from = at;
                payload = 0;
            }
        }
        return messages;
    }

    /** Where the messages behind that event begin; -1 if it is not there. */
    private static int behind(List<byte[]> messages, String eventId) {
        byte[] quoted = ('"' + eventId + '"').getBytes(StandardCharsets.UTF_8);
        for (int i = messages.size() - 1; i >= 0; i--) {
            byte[] message = messages.get(i);
            if (contains(message, quoted) && eventId.equals(TopLevelMember.find(message, "event_id"))) {
                return i + 1;
            }
        }
        return -1;
    }

    private static boolean contains(byte[] text, byte[] part) {
        for (int at = 0; at <= text.length - part.length; at++) {
            if (text[at] == part[0] && matches(text, at, part)) {
                return true;
            }
        }
        return false;
    }

    private static boolean matches(byte[] text, int at, byte[] part) {
        for (int i = 1; i < part.length; i++) {
            if (text[at + i] != part[i]) {
                return false;
            }
        }
        return true;
    }
}
