package dev.parley.pool;

import java.util.Locale;

/** Why an upstream session of the pool ended. */
public enum EndReason {
    /** It was used by its session, which is over. */
    USED,
    /** It never opened. */
    NOT_OPENED,
    /** It was opened for somebody who went away, and enough are warm. */
    SURPLUS,
    /** It was warm for as long as it may. */
    EXPIRED,
    /** It was warm, and its place was needed elsewhere. */
    MADE_ROOM,
    /** It did not answer in time when it was about to be handed out. */
    SILENT,
    /** The provider ended it while it was warm. */
    LOST,
    /** The provider said something on it that an untouched session does not say. */
    POISONED,
    /** Its account is gone, changed or refused. */
    ACCOUNT,
    /** Its holder never said that it ended. */
    LEAKED,
    /** The pool was closed. */
    STOPPED;

    /** For a metric. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
