package dev.parley.relay;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One WebSocket after its upgrade: a client's or an upstream's. It owns the socket, answers pings, sends its own, follows
 * frames and fragments, enforces the {@link RelayLimits}, and lets a {@link Gate} judge each message that arrives. What the
 * gate passes goes to the leg named by {@link #forwardTo}, as the bytes that came.
 *
 * <p>Every method and every call-back runs on the leg's event loop, the call-backs on the Vert.x context that made the leg,
 * so that futures which a gate starts come back there; two legs that forward to each other share the event loop.
 *
 * <p>A leg reads nothing until {@link #start()}, so what a client sends early waits in the socket, in order and bounded.
 */
public interface Leg {
    /** Who judges the messages that arrive on this leg, from the next message on. Set before {@link #start()}. */
    void judge(Gate gate);

    /** Where passed messages go, from the next message on; null while there is no other side. */
    void forwardTo(@Nullable Leg peer);

    /** Begins to read and to ping. Once. */
    void start();

    /**
     * Stops reading: no further message is judged until {@link #resumeReading()}, and bytes that were read already wait in
     * order. For turns between two owners.
     */
    void pauseReading();

    /** Goes on after {@link #pauseReading()}. */
    void resumeReading();

    /**
     * Keeps in the backlog, beside passing it on, whatever this leg passes on; also while there is no other side. With a
     * backlog, what waits behind a {@link Delivery.Later} goes to the leg that is the other side when its turn comes. Set
     * before {@link #start()}, or when a message has just been judged.
     */
    void keep(Backlog backlog);

    /**
     * Sends a text message of the broker's own, after all that was queued for this leg and never inside another message.
     * Ignored once the leg is closing.
     */
    void send(Buffer utf8);

    /** Sends several, which wait together: they are too many for a slow leg all together or not at all. */
    default void send(List<Buffer> events) {
        events.forEach(this::send);
    }

    /**
     * Sends a close frame behind all that is queued, and behind what a {@link Delivery.Later} still holds back for this
     * leg; waits for the other side's, then closes the socket; after {@link RelayLimits#closeTimeout()} the socket is cut.
     * What arrives meanwhile is not judged any more. Reasons over 123 bytes are shortened.
     *
     * @return completed when the socket is gone; the gate's {@link Gate#onEnd} has run before
     */
    Future<Void> close(int code, String reason);

    /** Cuts the socket now, without a close frame. */
    void cut();

    /** Its signs of life. */
    Pulse pulse();

    /** Whether messages can still be sent. */
    boolean isOpen();

    /** Whether what was passed on to this leg ends in the middle of a message, whose rest is still to come. */
    boolean isInsideMessage();

    /** Counters of this leg since its start. */
    LegCounters counters();
}
