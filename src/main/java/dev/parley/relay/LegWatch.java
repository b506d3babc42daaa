package dev.parley.relay;

import io.netty.channel.Channel;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** Watches one leg's clocks: its peer's signs of life, its message under way, its queue. One event loop. */
final class LegWatch implements Pulse {
    private static final double PING_JITTER = 0.1;

    private final Channel channel;
    private final LegLoop loop;
    private final LoopClock clock;
    private final LegWriter writer;
    private final CurrentMessage message;
    private final RelayLimits limits;
    private final boolean client;
    private final long pingNanos;
    private long heard;
    private long pinged;
    private @Nullable Runnable asking;

    LegWatch(
            Channel channel,
            LegLoop loop,
            LoopClock clock,
            LegWriter writer,
            CurrentMessage message,
            RelayLimits limits,
            boolean client) {
        this.channel = channel;
        this.loop = loop;
        this.clock = clock;
        this.writer = writer;
        this.message = message;
        this.limits = limits;
        this.client = client;
        this.pingNanos = jittered(limits.pingInterval().toNanos());
        this.heard = clock.now();
        this.pinged = heard;
    }

    /** The peer gave a sign of life. */
    void heard(long now) {
        heard = now;
        Runnable answered = asking;
        if (answered != null) {
            asking = null;
            loop.later(answered);
        }
    }

    /** The peer's time begins now: before, nobody listened. */
    void begin(long now) {
        heard = now;
    }

    @Override
    public long silentNanos() {
        return clock.now() - heard;
    }

    @Override
    public void ask(Runnable answered) {
        asking = answered;
        writer.ping();
        writer.flush();
    }

    /** Pings when it is time; returns why the leg must fail, or null. */
    @Nullable
    Failure check(long now, boolean started) {
        Failure slow = slow(now);
        return slow == null && started ? silent(now) : slow;
    }

    private @Nullable Failure slow(long now) {
        if (!client && !channel.config().isAutoRead()) {
            // It may well wait for us to read, while we wait for its client: the client's own clock decides.
            writer.postpone(now);
        }
        long stalled = writer.stalledNanos(now);
        if (stalled >= limits.queueAgeMax().toNanos()) {
            return Failure.slow("nothing taken for " + limits.queueAgeMax().toMillis() + " ms");
        }
        return stalled > 0 && writer.isFlooded()
                ? Failure.slow("more than " + limits.queueBytesMax() + " bytes wait")
                : null;
    }

    private @Nullable Failure silent(long now) {
        if (!channel.config().isAutoRead()) {
            // We do not listen: the peer's clocks stand still.
            heard = now;
            message.postpone(now);
        } else if (message.begun()
                && now - message.begunAt() >= limits.messageTimeout().toNanos()) {
            return Failure.timeout(
                    "message took longer than " + limits.messageTimeout().toMillis() + " ms");
        } else if (now - heard >= limits.silenceMax().toNanos()) {
            return Failure.timeout("nothing heard for " + limits.silenceMax().toMillis() + " ms");
        } else if (Math.min(now - heard, now - pinged) >= pingNanos) {
            pinged = now;
            writer.ping();
            writer.flush();
        }
        return null;
    }

    /** Up to a tenth less, so that sessions which began together do not ping together for ever. */
    private static long jittered(long nanos) {
        return nanos - (long) (nanos * PING_JITTER * ThreadLocalRandom.current().nextDouble());
    }
}
