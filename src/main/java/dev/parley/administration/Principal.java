package dev.parley.administration;

import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who asks something of the admin API.
 *
 * @param administrator the id of who is signed in, or who stands behind the API token
 * @param session of the browser; null for an API token
 */
public record Principal(
        Actor actor,
        long administrator,
        Set<Permission> permissions,
        @Nullable Browser session) {
    public Principal {
        permissions = Set.copyOf(permissions);
    }

    /**
     * A signed-in browser.
     *
     * @param id of the session, no secret
     * @param confirmedAt when the password was last given
     */
    public record Browser(String id, Administrator administrator, Instant confirmedAt) {}
}
