package dev.parley.relay;

import dev.parley.protocol.EventType;
import org.jspecify.annotations.Nullable;

/** What is known of a message without reading it whole. Valid only during the call that hands it out. */
public interface MessageHead {
    /** The event's type; {@link EventType#UNKNOWN} for another type, for none, and for a message that is not JSON. */
    EventType type();

    /** False for a binary message. */
    boolean isText();

    /** The value of a top-level string member if it stands in the bytes at hand, else null. Costs a second scan. */
    @Nullable
    String peek(String member);

    /** Payload bytes of the message so far; all of them in {@link Gate#onPassed} and {@link Gate#onCollected}. */
    long bytes();
}
