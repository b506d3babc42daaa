package dev.parley.session;

import dev.parley.auth.Caller;
import dev.parley.relay.Leg;
import org.jspecify.annotations.Nullable;

/**
 * A client that comes back to its session.
 *
 * @param leg on the session's event loop, either not started or started and paused
 * @param started which of the two
 * @param caller whom its token speaks for; tenant and subject are the session's
 * @param lastEventId of the last event that it has; null if it has none
 */
public record Arrival(
        Leg leg, boolean started, Caller caller, @Nullable String lastEventId) {
    /** Begins to read, with whatever gate the leg has now. */
    void read() {
        if (started) {
            leg.resumeReading();
        } else {
            leg.start();
        }
    }
}
