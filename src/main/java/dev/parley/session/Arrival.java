package dev.parley.session;

import dev.parley.auth.Caller;
import dev.parley.relay.Leg;
import org.jspecify.annotations.Nullable;

/**
 * A client that comes back to its session.
 *
 * @param leg on the session's event loop, not judged and not started
 * @param caller whom its token speaks for; tenant and subject are the session's
 * @param lastEventId of the last event that it has; null if it has none
 */
public record Arrival(Leg leg, Caller caller, @Nullable String lastEventId) {}
