package dev.parley.relay;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Follows the frames in what was read from one leg, finds its messages, has them judged, and passes on the bytes that came.
 *
 * <p>Consecutive passed messages go on as one run of bytes, without a copy. What a client sends goes on when its message is
 * whole and was found good, so a client that breaks off or cheats in mid-message leaves its upstream leg clean. What an
 * upstream sends goes on whole as well, unless it grows over {@link #STREAM_FROM}: from there it streams.
 *
 * <p>One per leg; one event loop.
 */
final class MessageReader {
    /** An upstream's message over this size is passed on before its end, if its type is known. */
    static final int STREAM_FROM = 256 << 10;

    private final BytesLeg leg;
    private final Lane lane;
    private final RelayLimits limits;
    private final boolean fromClient;
    private final CurrentMessage message;
    private final FrameHeader header = new FrameHeader();

    private @Nullable ByteBuf carry;
    private ByteBuf in = Unpooled.EMPTY_BUFFER;
    private int at;
    private int end;
    /** Start of the bytes in {@code in} that are passed but not yet handed on. */
    private int runFrom;
    /** End of the whole messages among them; what follows belongs to the message under way. */
    private int runTo;

    private int runMessages;
    private long runPayload;
    private long frameLeft;
    private int mask;
    private boolean fin;
    private boolean closed;

    MessageReader(BytesLeg leg, Lane lane, RelayLimits limits, boolean fromClient, CurrentMessage message) {
        this.leg = leg;
        this.lane = lane;
        this.limits = limits;
        this.fromClient = fromClient;
        this.message = message;
    }

    /**
     * Reads on, as long as the leg wants to.
     *
     * @param bytes released here
     * @return what was not read because the leg stopped in between, the caller's to release; or null
     */
    @Nullable
    ByteBuf read(ByteBuf bytes) {
        in = withCarry(bytes);
        at = in.readerIndex();
        end = in.writerIndex();
        runFrom = at;
        runTo = at;
        try {
            while (at < end && leg.isJudging() && !closed) {
                if (frameLeft > 0) {
                    payload();
                } else if (!header()) {
                    break;
                }
            }
            return leave();
        } finally {
            in.release();
            in = Unpooled.EMPTY_BUFFER;
        }
    }

    /** Hands on what was passed so far, so that something else can follow it. */
    void flushRun() {
        if (runTo > runFrom) {
            Portion portion =
                    new Portion(in.retainedSlice(runFrom, runTo - runFrom), Edge.MESSAGE, runMessages, runPayload);
            runFrom = runTo;
            runMessages = 0;
            runPayload = 0;
            lane.pass(leg.target(), portion);
        }
    }

    /** Gives up: nothing is read any more. */
    void discard() {
        closed = true;
        message.release();
        message.end();
        if (carry != null) {
            carry.release();
            carry = null;
        }
    }

    private ByteBuf withCarry(ByteBuf bytes) {
        ByteBuf before = carry;
        if (before == null) {
            return bytes;
        }
        carry = null;
        ByteBuf joined = bytes.alloc().ioBuffer(before.readableBytes() + bytes.readableBytes());
        joined.writeBytes(before).writeBytes(bytes);
        before.release();
        bytes.release();
        return joined;
    }

    private @Nullable ByteBuf leave() {
        if (closed || leg.isDeaf()) {
            flushRun();
            return null;
        }
        settle();
        int left = end - at;
        if (left == 0) {
            return null;
        }
        if (!leg.isJudging()) {
            return in.retainedSlice(at, left);
        }
        // A header or control frame that is not whole yet: a few bytes, copied so that they pin nothing.
        carry = in.alloc().ioBuffer(left).writeBytes(in, at, left);
        return null;
    }

    /** Deals with all bytes before {@link #at}: hands on the run, and keeps or hands on the message under way. */
    private void settle() {
        flushRun();
        int length = at - runTo;
        if (length > 0 && message.begun()) {
            if (message.isStreaming()) {
                lane.pass(leg.target(), new Portion(in.retainedSlice(runTo, length), edge(), 0, 0));
            } else if (message.isKept()) {
                keep(runTo, length);
            }
        }
        runFrom = at;
        runTo = at;
    }

    private Edge edge() {
        return frameLeft > 0 ? Edge.INSIDE : Edge.FRAME;
    }

    private void keep(int from, int length) {
        if (!message.keep(in, from, length)) {
            fail(Failure.overload("no memory left for large messages"));
        } else if (!fromClient && message.isPassed() && message.keptBytes() > STREAM_FROM) {
            message.takeKept(edge(), 0).forEach(portion -> lane.pass(leg.target(), portion));
            message.stream();
        }
    }

    private boolean header() {
        int size = header.read(in, at, end);
        if (size == FrameHeader.INCOMPLETE) {
            return false;
        }
        Failure failure = FrameRules.check(header, fromClient, message, limits);
        if (failure != null) {
            fail(failure);
            return true;
        }
        if (header.isControl()) {
            return control(size);
        }
        if (header.opcode() != FrameHeader.CONTINUATION) {
            if (!leg.takeToken()) {
                fail(Failure.policy("more than " + limits.messagesPerSecondMax() + " messages a second"));
                return true;
            }
            message.begin(header.opcode() == FrameHeader.TEXT, leg.now());
        }
        message.frame();
        fin = header.fin();
        mask = header.mask();
        frameLeft = header.length();
        at += size;
        if (frameLeft == 0) {
            frameEnd();
        }
        return true;
    }

    private boolean control(int size) {
        int length = (int) header.length();
        if (end - at < size + length) {
            return false;
        }
        settle();
        byte[] payload = new byte[length];
        in.getBytes(at + size, payload);
        Masks.apply(payload, 0, length, header.mask());
        at += size + length;
        runFrom = at;
        runTo = at;
        if (header.opcode() == FrameHeader.CLOSE) {
            closed = true;
            leg.peerClosed(payload);
        } else if (!leg.takeToken()) {
            fail(Failure.policy("more than " + limits.messagesPerSecondMax() + " frames a second"));
        } else if (header.opcode() == FrameHeader.PING) {
            leg.pinged(payload);
        }
        return true;
    }

    private void payload() {
        int length = (int) Math.min(frameLeft, end - at);
        if (message.isText() && !scan(length)) {
            return;
        }
        message.count(length);
        at += length;
        frameLeft -= length;
        mask = Masks.rotate(mask, length);
        if (message.isUndecided() && message.typeSettled()) {
            judge();
        }
        if (frameLeft == 0 && !leg.isDeaf()) {
            frameEnd();
        }
    }

    private boolean scan(int length) {
        ByteBuffer bytes = in.nioBufferCount() == 1 ? in.internalNioBuffer(at, length) : in.nioBuffer(at, length);
        Failure failure = message.scan(bytes, mask, fromClient);
        if (failure != null) {
            fail(failure);
        }
        return failure == null;
    }

    private void frameEnd() {
        if (fin) {
            messageEnd();
        } else if (message.isStreaming() && leg.targetWantsGap()) {
            settle();
        }
    }

    private void messageEnd() {
        if (!message.utf8Complete()) {
            fail(Failure.notUtf8());
            return;
        }
        if (message.isUndecided()) {
            judge();
        }
        if (leg.isDeaf()) {
            return;
        }
        leg.messageArrived(message.bytes());
        if (message.isCollected()) {
            collect();
        } else if (message.isPassed()) {
            passed();
        } else {
            flushRun();
            message.end();
            runFrom = at;
            runTo = at;
        }
    }

    private void judge() {
        message.at(in, runTo, at);
        message.verdict(leg.gate().onMessage(message));
    }

    private void passed() {
        if (message.isShown()) {
            show();
        }
        if (message.keptBytes() > 0) {
            settleTail();
            if (leg.isDeaf()) {
                return;
            }
            message.takeKept(Edge.MESSAGE, 1).forEach(portion -> lane.pass(leg.target(), portion));
            runFrom = at;
        } else {
            runMessages++;
            runPayload += message.bytes();
        }
        runTo = at;
        leg.gate().onPassed(message);
        message.end();
    }

    private void show() {
        if (message.isStreaming() || message.bytes() > Gate.SHOWN_BYTES_MAX) {
            leg.gate().onShown(message, null);
        } else {
            message.at(in, runTo, at);
            leg.gate().onShown(message, Buffer.buffer(message.payload()));
        }
    }

    /** The last bytes of a kept message. */
    private void settleTail() {
        flushRun();
        if (at > runTo && !message.keep(in, runTo, at - runTo)) {
            fail(Failure.overload("no memory left for large messages"));
        }
    }

    private void collect() {
        settleTail();
        runFrom = at;
        runTo = at;
        if (leg.isDeaf()) {
            return;
        }
        message.at(in, at, at);
        Buffer utf8 = Buffer.buffer(message.payload());
        Delivery delivery = leg.gate().onCollected(message, utf8);
        long payload = message.bytes();
        lane.deliver(leg.target(), message.handOver(), payload, delivery);
        message.end();
    }

    private void fail(Failure failure) {
        closed = true;
        leg.fail(failure);
    }
}
