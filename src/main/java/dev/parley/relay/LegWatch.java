package dev.parley.relay;

import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/** Watches one leg's clocks: its peer's signs of life, its message under way, its queue. One event loop. */
final class LegWatch {
    private final Channel channel;
    private final LegWriter writer;
    private final CurrentMessage message;
    private final RelayLimits limits;
    private final boolean client;
    private long heard;
    private long pinged;

    LegWatch(Channel channel, LegWriter writer, CurrentMessage message, RelayLimits limits, boolean client, long now) {
        this.channel = channel;
        this.writer = writer;
        this.message = message;
        this.limits = limits;
        this.client = client;
        this.heard = now;
        this.pinged = now;
    }

    /** The peer gave a sign of life. */
    void heard(long now) {
        heard = now;
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
        } else if (Math.min(now - heard, now - pinged) >= limits.pingInterval().toNanos()) {
            pinged = now;
            writer.ping();
            writer.flush();
        }
        return null;
    }
}
