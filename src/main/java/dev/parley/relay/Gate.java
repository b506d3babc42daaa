package dev.parley.relay;

import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * Judges the messages that arrive on one {@link Leg}, in order, on its event loop. A gate never blocks; a decision that
 * takes time is a {@link Delivery#later} and holds back only the messages behind it in the same direction.
 */
public interface Gate {
    /** The largest message that is shown: larger ones of an upstream go on before their end. */
    int SHOWN_BYTES_MAX = MessageReader.STREAM_FROM;

    /** What happens with a message. */
    enum Verdict {
        /** On to the other leg, byte for byte, without waiting for its end. */
        PASS,
        /** As {@link #PASS}, and {@link Gate#onShown} gets a copy. For who wants to look without holding anything up. */
        SHOW,
        /** Gather the whole message, then ask {@link Gate#onCollected}. */
        COLLECT,
        /** Swallow it. */
        DROP;

        /** Whether the message goes on without being gathered. */
        public boolean passes() {
            return this == PASS || this == SHOW;
        }
    }

    /** Called once a message, as soon as its top-level {@code type} is known or it is clear that it has none. */
    Verdict onMessage(MessageHead head);

    /** The whole of a message for which {@link Verdict#COLLECT} was given. */
    default Delivery onCollected(MessageHead head, Buffer utf8) {
        return Delivery.asIs();
    }

    /**
     * The whole of a message for which {@link Verdict#SHOW} was given, before {@link #onPassed}. Must not touch the legs.
     *
     * @param utf8 null if the message was too large to be held until its end
     */
    default void onShown(MessageHead head, @Nullable Buffer utf8) {}

    /** A passed message has arrived whole; {@link MessageHead#bytes()} is its payload's length. */
    default void onPassed(MessageHead head) {}

    /** The leg has ended; called exactly once, last, and never from inside another call-back or method of a leg. */
    void onEnd(LegEnd end);
}
