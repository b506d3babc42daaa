package dev.parley.relay;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.ContextInternal;
import java.io.IOException;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A leg on the bytes of its channel: the meeting point of its reader, its lane, its writer and its timer. */
@SuppressWarnings("FutureReturnValueIgnored") // the pipeline tells how writes and closes end
final class BytesLeg implements Leg {
    private static final Logger LOGGER = LoggerFactory.getLogger(BytesLeg.class);

    private final ChannelHandlerContext ctx;
    private final LegLoop loop;
    private final LoopClock clock;
    private final RelayLimits limits;
    private final boolean client;
    private final CurrentMessage message;
    private final Intake intake;
    private final Lane lane;
    private final MessageReader reader;
    private final LegWriter writer;
    private final LegWatch watch;
    private final RateBucket rate;
    private final ArrayDeque<ByteBuf> unread = new ArrayDeque<>(1);
    private final Ending ending = new Ending();
    private final Promise<Void> gone = Promise.promise();

    private @Nullable Gate owner;
    private Gate gate = ClosedGate.INSTANCE;
    private @Nullable BytesLeg peer;
    private @Nullable BytesLeg feeder;
    private boolean started;
    private boolean paused;
    private boolean inRead;

    /** Nothing that arrives is looked at any more. */
    private boolean deaf;

    /** It ended while nobody judged it: whoever comes is told. */
    private boolean endedUnjudged;
    /** A close frame waits behind what is held for this leg. */
    private boolean closeWaits;

    private long messagesIn;
    private long bytesIn;
    private long messagesOut;
    private long bytesOut;

    BytesLeg(
            ChannelHandlerContext ctx,
            ContextInternal context,
            LoopClock clock,
            MemoryBudget budget,
            RelayLimits limits,
            boolean client) {
        this.ctx = ctx;
        this.loop = new LegLoop(ctx.channel().eventLoop(), context);
        this.clock = clock;
        this.limits = limits;
        this.client = client;
        this.message = new CurrentMessage(ctx.alloc(), budget);
        this.intake = new Intake(ctx);
        this.lane = new Lane(this, budget, limits.heldBytesMax());
        this.reader = new MessageReader(this, lane, limits, client, message);
        this.writer = new LegWriter(ctx, !client, limits.queueBytesMax(), clock.now());
        this.watch = new LegWatch(ctx.channel(), loop, clock, writer, message, limits, client);
        this.rate = new RateBucket(limits.messagesPerSecondMax(), clock.now());
        clock.add(this);
    }

    // ---- the contract

    @Override
    public void judge(Gate next) {
        owner = next;
        if (ending.isOpen()) {
            gate = next;
        } else if (endedUnjudged) {
            endedUnjudged = false;
            signalEnd();
        }
    }

    @Override
    public void forwardTo(@Nullable Leg next) {
        reader.flushRun();
        BytesLeg before = peer;
        if (before != null && before.feeder == this) {
            before.feeder = null;
            before.writer.flush();
        }
        peer = (BytesLeg) next;
        if (peer != null) {
            if (!peer.loop.isCurrent()) {
                throw new IllegalArgumentException("legs that forward to each other share an event loop");
            }
            peer.feeder = this;
        }
        flowChanged();
    }

    @Override
    public void start() {
        if (owner == null || started) {
            throw new IllegalStateException(started ? "started twice" : "nobody judges this leg");
        }
        started = true;
        watch.begin(clock.now());
        readOn();
    }

    @Override
    public void pauseReading() {
        paused = true;
        flowChanged();
    }

    @Override
    public void resumeReading() {
        paused = false;
        watch.begin(clock.now());
        readOn();
    }

    @Override
    public void send(Buffer utf8) {
        if (!ending.isOpen()) {
            return;
        }
        if (writer.isFlooded()) {
            fail(Failure.slow("more than " + limits.queueBytesMax() + " bytes wait"));
            return;
        }
        flushFeeder();
        writer.send(textFrame(utf8));
        messagesOut++;
        bytesOut += utf8.length();
        flushUnlessReading();
    }

    @Override
    public Future<Void> close(int code, String reason) {
        if (ending.begin(new LegEnd(LegEnd.Cause.LOCAL, code, reason))) {
            gate = ClosedGate.INSTANCE;
            flushFeeder();
            closeWaits = true;
            laneMoved();
            started = true;
            paused = false;
            readOn();
            unblockFeeder();
        }
        return gone.future();
    }

    @Override
    public void cut() {
        cut(new LegEnd(LegEnd.Cause.LOCAL, CloseCodes.LOST, ""));
    }

    @Override
    public Pulse pulse() {
        return watch;
    }

    @Override
    public boolean isOpen() {
        return ending.isOpen();
    }

    @Override
    public long queuedBytes() {
        return writer.queuedBytes();
    }

    @Override
    public LegCounters counters() {
        return new LegCounters(messagesIn, bytesIn, messagesOut, bytesOut);
    }

    // ---- reading

    /** Bytes from the socket; owns them. */
    void read(ByteBuf bytes) {
        watch.heard(clock.now());
        if (deaf) {
            bytes.release();
        } else if (isJudging() && unread.isEmpty() && !inRead) {
            readNow(bytes);
        } else {
            unread.add(bytes);
        }
    }

    private void readNow(ByteBuf bytes) {
        BytesLeg before = clock.reading();
        clock.reading(this);
        inRead = true;
        try {
            loop.dispatch(() -> {
                ByteBuf rest = reader.read(bytes);
                if (rest != null) {
                    unread.addFirst(rest);
                }
            });
        } catch (RuntimeException bug) {
            broken(bug);
        } finally {
            inRead = false;
            clock.reading(before);
        }
    }

    /** Reads what was left behind, then goes on with the socket. */
    private void readOn() {
        if (!inRead && !unread.isEmpty()) {
            while (isJudging() && !unread.isEmpty()) {
                readNow(unread.remove());
            }
            readComplete();
        }
        flowChanged();
    }

    void readComplete() {
        writer.flush();
        BytesLeg target = peer;
        if (target != null) {
            target.writer.flush();
        }
    }

    boolean isJudging() {
        return started && !paused && !deaf;
    }

    boolean isDeaf() {
        return deaf;
    }

    Gate gate() {
        return gate;
    }

    @Nullable
    BytesLeg target() {
        return peer;
    }

    boolean targetWantsGap() {
        BytesLeg target = peer;
        return target != null && target.writer.wantsGap();
    }

    boolean takeToken() {
        return limits.messagesPerSecondMax() == Integer.MAX_VALUE || rate.take();
    }

    long now() {
        return clock.now();
    }

    void messageArrived(long bytes) {
        messagesIn++;
        bytesIn += bytes;
    }

    void pinged(byte[] payload) {
        writer.pong(payload);
    }

    void peerClosed(byte[] payload) {
        Failure failure = CloseFrame.check(payload);
        if (failure != null) {
            fail(failure);
            return;
        }
        deaf = true;
        stopReading();
        boolean bothClosed = ending.heard();
        int code = CloseFrame.code(payload);
        if (ending.begin(new LegEnd(LegEnd.Cause.PEER_CLOSED, code, CloseFrame.reason(payload)))) {
            signalEnd();
            sendClose(code, "");
        } else if (bothClosed) {
            closedBoth();
        }
        flowChanged();
        unblockFeeder();
    }

    // ---- writing

    /** Bytes from the other leg; owns them. */
    void take(Portion portion) {
        if (writer.isClosed()) {
            portion.frames().release();
            return;
        }
        messagesOut += portion.messages();
        bytesOut += portion.payload();
        writer.pass(portion.frames(), portion.end());
        flushUnlessReading();
    }

    ByteBuf textFrame(Buffer utf8) {
        return Frames.frame(ctx.alloc(), FrameHeader.TEXT, utf8.getBytes(), !client);
    }

    private void flushFeeder() {
        BytesLeg source = feeder;
        if (source != null) {
            source.reader.flushRun();
        }
    }

    private void flushUnlessReading() {
        BytesLeg reading = clock.reading();
        if (reading == null || (reading != this && reading.peer != this)) {
            writer.flush();
        }
    }

    void writabilityChanged() {
        if (ctx.channel().isWritable()) {
            writer.writable();
        }
        writer.flush();
        unblockFeeder();
    }

    private boolean takesMore() {
        return writer.isClosed() || ctx.channel().isWritable();
    }

    /** Looks again at whether to read from the socket. */
    void flowChanged() {
        BytesLeg target = peer;
        boolean flows = !lane.isFull() && (target == null || target.takesMore());
        intake.turn(deaf || !ending.isOpen() || (isJudging() && flows));
    }

    /** Something that was held for this leg went on its way. */
    void laneMoved() {
        LegEnd local = ending.how();
        BytesLeg source = feeder;
        if (closeWaits && local != null && (source == null || !source.lane.holdsFor(this))) {
            closeWaits = false;
            sendClose(local.code(), local.reason());
        }
    }

    // ---- ending

    private void sendClose(int code, String reason) {
        writer.close(code, reason, (ChannelFutureListener) written -> {
            if (ending.written()) {
                closedBoth();
            }
        });
        ending.limit(clock.now(), limits.closeTimeout());
        flushUnlessReading();
    }

    /** Both close frames are through: a server ends the connection, a client waits for that (RFC 6455 §7.1.1). */
    private void closedBoth() {
        if (client) {
            ctx.close();
        }
    }

    /** Tells the peer why, hears nothing more from it, and ends the leg. */
    void fail(Failure failure) {
        if (deaf) {
            return;
        }
        deaf = true;
        stopReading();
        ending.begin(failure.end());
        signalEnd();
        closeWaits = false;
        if (writer.insideMessage()) {
            writer.finish(); // nothing can be said inside another's message
        } else {
            writer.close(failure.code(), failure.reason(), (ChannelFutureListener) written -> SocketEnd.halve(ctx));
            writer.flush();
        }
        ending.limit(clock.now(), limits.closeTimeout());
        flowChanged();
        unblockFeeder();
    }

    /** Gives up on the message under way; what has gone out of it cannot be completed. */
    private void stopReading() {
        BytesLeg target = peer;
        boolean begunElsewhere = message.isStreaming();
        reader.flushRun();
        reader.discard();
        if (begunElsewhere && target != null) {
            lane.breakOff(target);
        }
    }

    private void cut(LegEnd how) {
        ending.begin(how);
        deaf = true;
        writer.discard();
        ctx.close();
        unblockFeeder();
    }

    /** The other leg was lost inside a message that had begun to go out here: nothing can follow it. */
    void brokenOff() {
        ending.begin(new LegEnd(LegEnd.Cause.LOCAL, CloseCodes.LOST, "the other side was lost inside a message"));
        deaf = true;
        writer.finish();
        ending.limit(clock.now(), limits.closeTimeout());
        flowChanged();
        unblockFeeder();
    }

    void broken(Throwable cause) {
        if (cause instanceof IOException) {
            cut(new LegEnd(LegEnd.Cause.PEER_LOST, CloseCodes.LOST, ""));
        } else {
            LOGGER.atError().setCause(cause).log("leg broke");
            cut(new LegEnd(LegEnd.Cause.LOCAL, CloseCodes.LOST, "internal error"));
        }
    }

    /** The socket is gone. */
    void lost() {
        ending.begin(new LegEnd(LegEnd.Cause.PEER_LOST, CloseCodes.LOST, ""));
        deaf = true;
        stopReading();
        unread.forEach(ByteBuf::release);
        unread.clear();
        writer.discard();
        unblockFeeder();
        signalEnd();
        loop.later(gone::tryComplete);
    }

    private void unblockFeeder() {
        BytesLeg source = feeder;
        if (source != null) {
            source.flowChanged();
        }
    }

    /** In a task of its own, so that a gate never learns of the end inside another call. */
    private void signalEnd() {
        loop.later(() -> {
            gate = ClosedGate.INSTANCE;
            if (owner == null) {
                endedUnjudged = true;
                return;
            }
            LegEnd how = ending.untold();
            if (how != null) {
                owner.onEnd(how);
            }
        });
    }

    // ---- time

    /** Looks after deadlines; false when the leg is gone and need not be looked at again. */
    boolean sweep(long now) {
        intake.ask();
        if (ending.isOverdue(now)) {
            ctx.close();
        }
        if (ending.isOpen()) {
            rate.fill(now);
            Failure failure = watch.check(now, started);
            if (failure != null) {
                fail(failure);
            }
        }
        return ctx.channel().isActive();
    }

    void execute(Runnable task) {
        loop.run(task);
    }
}
