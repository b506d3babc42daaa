package dev.parley.session;

/** Hears what happens to sessions, to be counted. On event loops; must not block. */
public interface SessionEvents {
    SessionEvents NONE = _ -> {};

    /** A session goes on with another upstream, because of {@code session_length} or {@code upstream_lost}. */
    void replaced(String cause);
}
