package dev.parley.relay;

import io.vertx.core.buffer.Buffer;

/**
 * Judges the messages that arrive on one {@link Leg}, in order, on its event loop. A gate never blocks; a decision that
 * takes time is a {@link Delivery#later} and holds back only the messages behind it in the same direction.
 */
public interface Gate {
    /** What happens with a message. */
    enum Verdict {
        /** On to the other leg, byte for byte, without waiting for its end. */
        PASS,
        /** Gather the whole message, then ask {@link Gate#onCollected}. */
        COLLECT,
        /** Swallow it. */
        DROP
    }

    /** Called once a message, as soon as its top-level {@code type} is known or it is clear that it has none. */
    Verdict onMessage(MessageHead head);

    /** The whole of a message for which {@link Verdict#COLLECT} was given. */
    default Delivery onCollected(MessageHead head, Buffer utf8) {
        return Delivery.asIs();
    }

    /** A passed message has arrived whole; {@link MessageHead#bytes()} is its payload's length. */
    default void onPassed(MessageHead head) {}

    /** The leg has ended; called exactly once, last, and never from inside another call-back or method of a leg. */
    void onEnd(LegEnd end);
}
