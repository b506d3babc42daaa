package dev.parley.auth;

import dev.parley.domain.TenantId;
import io.vertx.core.Future;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An issuer ready to check tokens. Thread-safe.
 *
 * @param tenant null for the broker's own issuer, whose tokens name their tenant
 */
record IssuerKeys(@Nullable TenantId tenant, Set<Algorithm> algorithms, Keys keys) {

    /** Finds the one key for a token; the future fails with a {@link RejectedToken} when there is none. */
    @FunctionalInterface
    interface Keys {
        Future<SigningKey> find(UnverifiedToken token);

        static Keys only(SigningKey key) {
            Future<SigningKey> found = Future.succeededFuture(key);
            return _ -> found;
        }
    }
}
