package dev.parley.relay;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
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
    private final ContextInternal context;
    private final LoopClock clock;
    private final RelayLimits limits;
    private final boolean client;
    private final CurrentMessage message;
    private final Lane lane;
    private final MessageReader reader;
    private final LegWriter writer;
    private final RateBucket rate;
    private final ArrayDeque<ByteBuf> unread = new ArrayDeque<>(1);
    private final Promise<Void> gone = Promise.promise();

    private @Nullable Gate owner;
    private Gate gate = ClosedGate.INSTANCE;
    private @Nullable BytesLeg peer;
    private @Nullable BytesLeg feeder;
    private boolean started;
    private boolean paused;
    private boolean inRead;

    private @Nullable LegEnd end;
    private boolean endSignalled;
    /** Nothing that arrives is looked at any more. */
    private boolean deaf;

    private boolean closeWaits;
    private boolean closeWritten;
    private boolean peerClosed;
    private long deadline;
    private boolean deadlineSet;

    private long heard;
    private long pinged;
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
        this.context = context;
        this.clock = clock;
        this.limits = limits;
        this.client = client;
        this.message = new CurrentMessage(ctx.alloc(), budget);
        this.lane = new Lane(this, budget, limits.heldBytesMax());
        this.reader = new MessageReader(this, lane, limits, client, message);
        this.writer = new LegWriter(ctx, !client, limits.queueBytesMax(), clock.now());
        this.rate = new RateBucket(limits.messagesPerSecondMax(), clock.now());
        clock.add(this);
    }

    // ---- the contract

    @Override
    public void judge(Gate next) {
        owner = next;
        if (end == null) {
            gate = next;
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
            if (!peer.ctx.channel().eventLoop().inEventLoop()) {
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
        heard = clock.now();
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
        heard = clock.now();
        readOn();
    }

    @Override
    public void send(Buffer utf8) {
        if (end != null) {
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
        if (end == null) {
            end = new LegEnd(LegEnd.Cause.LOCAL, code, reason);
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
    public boolean isOpen() {
        return end == null;
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
        heard = clock.now();
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
        ContextInternal outer = context.beginDispatch();
        try {
            ByteBuf rest = reader.read(bytes);
            if (rest != null) {
                unread.addFirst(rest);
            }
        } catch (RuntimeException bug) {
            broken(bug);
        } finally {
            context.endDispatch(outer);
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
        peerClosed = true;
        if (end == null) {
            end = new LegEnd(LegEnd.Cause.PEER_CLOSED, CloseFrame.code(payload), CloseFrame.reason(payload));
            signalEnd();
            sendClose(CloseFrame.code(payload), "");
        } else if (closeWritten) {
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
            writer.flush();
        } else {
            writer.flush();
        }
        BytesLeg source = feeder;
        if (source != null) {
            source.flowChanged();
        }
    }

    private boolean takesMore() {
        return end != null || ctx.channel().isWritable();
    }

    /** Looks again at whether to read from the socket. */
    void flowChanged() {
        BytesLeg target = peer;
        boolean flows = !lane.isFull() && (target == null || target.takesMore());
        boolean wants = deaf || end != null || (isJudging() && flows);
        if (wants != ctx.channel().config().isAutoRead()) {
            ctx.channel().config().setAutoRead(wants);
        }
    }

    /** Something that was held for this leg went on its way. */
    void laneMoved() {
        LegEnd local = end;
        BytesLeg source = feeder;
        if (closeWaits && local != null && (source == null || !source.lane.holdsFor(this))) {
            closeWaits = false;
            sendClose(local.code(), local.reason());
        }
    }

    // ---- ending

    private void sendClose(int code, String reason) {
        writer.close(code, reason, (ChannelFutureListener) written -> {
            closeWritten = true;
            if (peerClosed) {
                closedBoth();
            }
        });
        deadline();
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
        reader.discard();
        if (end == null) {
            end = failure.end();
            signalEnd();
        }
        closeWaits = false;
        writer.close(failure.code(), failure.reason(), (ChannelFutureListener) written -> shutdownOutput());
        deadline();
        writer.flush();
        flowChanged();
        unblockFeeder();
    }

    /** Ends our side only: closing a socket with unread bytes could reset it before the close frame was read. */
    private void shutdownOutput() {
        SslHandler tls = ctx.pipeline().get(SslHandler.class);
        if (tls != null) {
            tls.closeOutbound();
        }
        if (ctx.channel() instanceof DuplexChannel duplex && ctx.channel().isActive()) {
            duplex.shutdownOutput();
        }
    }

    private void deadline() {
        if (!deadlineSet) {
            deadlineSet = true;
            deadline = clock.now() + limits.closeTimeout().toNanos();
        }
    }

    private void cut(LegEnd how) {
        if (end == null) {
            end = how;
        }
        deaf = true;
        writer.discard();
        ctx.close();
        unblockFeeder();
    }

    /** The other leg was lost inside a message that had begun to go out here: nothing can follow it. */
    void brokenOff() {
        if (end == null) {
            end = new LegEnd(LegEnd.Cause.LOCAL, CloseCodes.LOST, "the other side was lost inside a message");
        }
        deaf = true;
        writer.finish();
        deadline();
        flowChanged();
        unblockFeeder();
    }

    /** A decision that held messages back failed: what was promised cannot be kept. */
    void decisionFailed(@Nullable BytesLeg target, Throwable cause) {
        LOGGER.atWarn().addKeyValue("cause", cause.getClass().getName()).log("decision on a message failed, cutting");
        cut();
        if (target != null) {
            target.cut();
        }
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
        if (end == null) {
            end = new LegEnd(LegEnd.Cause.PEER_LOST, CloseCodes.LOST, "");
        }
        deaf = true;
        BytesLeg target = peer;
        if (message.isStreaming() && target != null) {
            lane.breakOff(target);
        }
        reader.discard();
        unread.forEach(ByteBuf::release);
        unread.clear();
        writer.discard();
        unblockFeeder();
        signalEnd();
        ctx.channel().eventLoop().execute(() -> dispatch(gone::tryComplete));
    }

    private void unblockFeeder() {
        BytesLeg source = feeder;
        if (source != null) {
            source.flowChanged();
        }
    }

    /** In a task of its own, so that a gate never learns of the end inside another call. */
    private void signalEnd() {
        LegEnd how = end;
        if (!endSignalled && how != null) {
            endSignalled = true;
            ctx.channel()
                    .eventLoop()
                    .execute(() -> dispatch(() -> {
                        gate = ClosedGate.INSTANCE;
                        if (owner != null) {
                            owner.onEnd(how);
                        }
                    }));
        }
    }

    // ---- time

    /** Looks after deadlines; false when the leg is gone and need not be looked at again. */
    boolean sweep(long now) {
        if (deadlineSet && now - deadline >= 0) {
            ctx.close();
        }
        if (end == null) {
            rate.fill(now);
            checkSlow(now);
        }
        if (end == null && started) {
            checkSilence(now);
        }
        return ctx.channel().isActive();
    }

    private void checkSlow(long now) {
        if (!client && !ctx.channel().config().isAutoRead()) {
            // It may well wait for us to read, while we wait for its client: the client's own clock decides.
            writer.postpone(now);
        }
        long stalled = writer.stalledNanos(now);
        if (stalled >= limits.queueAgeMax().toNanos()) {
            fail(Failure.slow("nothing taken for " + limits.queueAgeMax().toMillis() + " ms"));
        } else if (stalled > 0 && writer.isFlooded()) {
            fail(Failure.slow("more than " + limits.queueBytesMax() + " bytes wait"));
        }
    }

    private void checkSilence(long now) {
        if (!ctx.channel().config().isAutoRead()) {
            // We do not listen: the peer's clocks stand still.
            heard = now;
            message.postpone(now);
        } else if (message.begun()
                && now - message.begunAt() >= limits.messageTimeout().toNanos()) {
            fail(Failure.timeout(
                    "message took longer than " + limits.messageTimeout().toMillis() + " ms"));
        } else if (now - heard >= limits.silenceMax().toNanos()) {
            fail(Failure.timeout("nothing heard for " + limits.silenceMax().toMillis() + " ms"));
        } else if (now - Math.max(heard, pinged) >= limits.pingInterval().toNanos()) {
            pinged = now;
            writer.ping();
            writer.flush();
        }
    }

    /** Runs a task on the event loop, at once if this is it. */
    void execute(Runnable task) {
        if (ctx.channel().eventLoop().inEventLoop()) {
            dispatch(task);
        } else {
            ctx.channel().eventLoop().execute(() -> dispatch(task));
        }
    }

    private void dispatch(Runnable task) {
        ContextInternal outer = context.beginDispatch();
        try {
            task.run();
        } finally {
            context.endDispatch(outer);
        }
    }
}
