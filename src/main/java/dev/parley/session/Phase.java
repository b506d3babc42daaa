package dev.parley.session;

/** How far a session has come; {@link RealtimeSession} has the picture. */
enum Phase {
    CONNECTING,
    RELAYING,
    /** It waits for its lost client. */
    PARKED,
    ENDING,
    ENDED;

    /** Whether there is an upstream and nothing has ended it. */
    boolean isLive() {
        return this == RELAYING || this == PARKED;
    }
}
