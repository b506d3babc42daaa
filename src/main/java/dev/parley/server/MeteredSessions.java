package dev.parley.server;

import dev.parley.session.SessionEvents;
import dev.parley.telemetry.Meters;

/** Counts what happens to sessions. */
record MeteredSessions(Meters meters) implements SessionEvents {
    @Override
    public void replaced(String cause) {
        meters.upstreamReplaced(cause);
    }
}
