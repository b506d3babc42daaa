package dev.parley.relay;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;

/** What happens with a collected message. */
public sealed interface Delivery {
    /** On to the other leg, byte for byte. */
    record AsIs() implements Delivery {}

    /** Another text message in its place. */
    record Replaced(Buffer utf8) implements Delivery {}

    /** Nothing goes on. */
    record Dropped() implements Delivery {}

    /**
     * Decided when the future completes. Until then the messages behind it, in the same direction, are judged as they
     * arrive but wait in order, up to {@link RelayLimits#heldBytesMax()}; then reading stops. A failed future cuts both
     * legs. There is no deadline here: whoever gives the future gives it one.
     */
    record Later(Future<Delivery> decision) implements Delivery {}

    static Delivery asIs() {
        return Constants.AS_IS;
    }

    static Delivery replaced(Buffer utf8) {
        return new Replaced(utf8);
    }

    static Delivery dropped() {
        return Constants.DROPPED;
    }

    static Delivery later(Future<Delivery> decision) {
        return new Later(decision);
    }

    /** The two values without content. */
    final class Constants {
        private static final Delivery AS_IS = new AsIs();
        private static final Delivery DROPPED = new Dropped();

        private Constants() {}
    }
}
