package dev.parley.dialect;

import io.vertx.core.buffer.Buffer;

/**
 * How one session's client speaks. Inside, everything is GA; a dialect translates what crosses the client's socket. What
 * needs no translation stays byte for byte what it was, also when it is no event at all. One event loop.
 */
public interface Dialect {
    /** GA itself. */
    Dialect GA = new Ga();

    /** Whether events to the client have to be looked at; if not, they pass as they come. */
    boolean rewritesServerEvents();

    /** An event of the client, as the session understands it. */
    Translation fromClient(Buffer utf8);

    /** An event for the client, as the client understands it. */
    Translation toClient(Buffer utf8);

    /** What becomes of an event. */
    sealed interface Translation {
        Translation UNCHANGED = new Unchanged();
        Translation DROPPED = new Dropped();

        record Unchanged() implements Translation {}

        record Changed(Buffer utf8) implements Translation {}

        /** The other side knows nothing like it. */
        record Dropped() implements Translation {}
    }

    /** Translates nothing. */
    final class Ga implements Dialect {
        private Ga() {}

        @Override
        public boolean rewritesServerEvents() {
            return false;
        }

        @Override
        public Translation fromClient(Buffer utf8) {
            return Translation.UNCHANGED;
        }

        @Override
        public Translation toClient(Buffer utf8) {
            return Translation.UNCHANGED;
        }
    }
}
