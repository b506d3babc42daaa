package dev.parley.gateway;

import dev.parley.config.Secret;
import org.jspecify.annotations.Nullable;

/**
 * What a client asks for that comes back to its session; nothing of it is verified yet.
 *
 * @param session the id in the {@code session.created} that it had, or the broker's own
 * @param lastEventId of the last event that it has; null if it has none
 * @param credential the token from the header or the subprotocol; null if there was none
 * @param origin the page that a browser comes from; null for others
 * @param ticket by which another node speaks for a client that it has verified; null from a client
 */
public record ResumeRequest(
        String session,
        @Nullable String lastEventId,
        @Nullable Secret credential,
        @Nullable String origin,
        @Nullable Secret ticket) {}
