package dev.parley.session;

/** How far a session has come; {@link RealtimeSession} has the picture. */
public enum Phase {
    CONNECTING,
    RELAYING,
    /** It waits for its lost client. */
    PARKED,
    ENDING,
    ENDED;

    /** Whether it has begun and nothing has ended it. */
    public boolean isLive() {
        return this == RELAYING || this == PARKED;
    }
}
