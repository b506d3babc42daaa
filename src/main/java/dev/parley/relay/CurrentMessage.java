package dev.parley.relay;

import dev.parley.protocol.EventType;
import dev.parley.relay.Gate.Verdict;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The message that is arriving on one leg. Reused; one event loop. */
final class CurrentMessage implements MessageHead {
    private final ByteBufAllocator allocator;
    private final MemoryBudget budget;
    private final TypeScanner scanner = new TypeScanner();
    private final Utf8Check utf8 = new Utf8Check();

    private boolean begun;
    private boolean text;
    private int frames;
    private long bytes;
    private long begunAt;
    private @Nullable Verdict verdict;
    private boolean streaming;
    private @Nullable Held kept;
    private long charged;

    /** Where the bytes of the message that are not kept stand, while its gate looks at it. */
    private ByteBuf here = Unpooled.EMPTY_BUFFER;

    private int hereFrom;
    private int hereTo;

    CurrentMessage(ByteBufAllocator allocator, MemoryBudget budget) {
        this.allocator = allocator;
        this.budget = budget;
    }

    void begin(boolean isText, long now) {
        begun = true;
        text = isText;
        frames = 0;
        bytes = 0;
        begunAt = now;
        verdict = null;
        streaming = false;
        scanner.reset();
        utf8.reset();
    }

    void frame() {
        frames++;
    }

    void count(int payloadBytes) {
        bytes += payloadBytes;
    }

    boolean begun() {
        return begun;
    }

    int frames() {
        return frames;
    }

    long begunAt() {
        return begunAt;
    }

    /** While we do not read, the peer's time does not run. */
    void postpone(long now) {
        begunAt = now;
    }

    /** Looks at the next piece of a text; {@code strict} for what a client sends. */
    @Nullable
    Failure scan(ByteBuffer piece, int mask, boolean strict) {
        int from = piece.position();
        int to = piece.limit();
        if (strict && !utf8.accept(piece, from, to, mask)) {
            return Failure.notUtf8();
        }
        if (strict || !scanner.settled()) {
            scanner.scan(piece, from, to, mask, strict);
        }
        return strict && scanner.duplicate() ? Failure.policy("event has more than one type") : null;
    }

    boolean utf8Complete() {
        return utf8.complete();
    }

    boolean typeSettled() {
        return !text || scanner.settled();
    }

    void verdict(Verdict given) {
        verdict = given;
        if (given == Verdict.DROP) {
            release();
        }
    }

    boolean isUndecided() {
        return verdict == null;
    }

    boolean isPassed() {
        Verdict given = verdict;
        return given != null && given.passes();
    }

    /** Whether its gate looks at it as it passes. */
    boolean isShown() {
        return verdict == Verdict.SHOW;
    }

    boolean isCollected() {
        return verdict == Verdict.COLLECT;
    }

    /** Whether it has begun to go out, and has not ended. */
    boolean isStreaming() {
        return begun && streaming;
    }

    /** From here on the message goes on as it comes. */
    void stream() {
        streaming = true;
    }

    /** Whether its bytes must be kept when the read ends. */
    boolean isKept() {
        return !streaming && verdict != Verdict.DROP;
    }

    /** Keeps bytes of it; false if the node's budget is used up. */
    boolean keep(ByteBuf in, int from, int length) {
        Held held = kept;
        if (held == null) {
            held = new Held(allocator);
            kept = held;
        }
        if (held.bytes() + length > MemoryBudget.FREE_BYTES) {
            if (!budget.take(length)) {
                return false;
            }
            charged += length;
        }
        held.add(in, from, length);
        return true;
    }

    int keptBytes() {
        Held held = kept;
        return held == null ? 0 : held.bytes();
    }

    /** Hands over what is kept, up to {@code end}; {@code messages} is 1 if that is all of it. */
    List<Portion> takeKept(Edge end, int messages) {
        Held held = handOver();
        return held.take(end, messages, messages * bytes);
    }

    /** Hands over what is kept. */
    Held handOver() {
        Held held = kept == null ? new Held(allocator) : kept;
        kept = null;
        budget.give(charged);
        charged = 0;
        return held;
    }

    /** The message is done with. */
    void end() {
        begun = false;
        here = Unpooled.EMPTY_BUFFER;
    }

    void release() {
        handOver().release();
    }

    /** Says where the rest of the bytes stand, for {@link #peek} and {@link #payload}. */
    void at(ByteBuf in, int from, int to) {
        here = in;
        hereFrom = from;
        hereTo = to;
    }

    /** A copy of the payload so far, unmasked. */
    byte[] payload() {
        Held held = kept == null ? new Held(allocator) : kept;
        return held.payload(here.slice(hereFrom, hereTo - hereFrom), (int) bytes);
    }

    @Override
    public EventType type() {
        return scanner.type();
    }

    @Override
    public boolean isText() {
        return text;
    }

    @Override
    public @Nullable String peek(String member) {
        return text ? TopLevelMember.find(payload(), member) : null;
    }

    @Override
    public long bytes() {
        return bytes;
    }
}
