package dev.parley.administration;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Where the tokens of the admin API are kept, as digests. Blocks. Thread-safe. */
public interface ApiTokenStore {
    void add(String id, String name, byte[] digest, Set<Permission> permissions, String createdBy, Duration lifetime);

    /** The token, if it is neither expired nor revoked, and notes that it was used. */
    Optional<ApiToken> use(byte[] digest);

    /** Those that are good, and those that ended within 30 days. */
    List<ApiToken> list();

    Optional<ApiToken> revoke(String id);

    record ApiToken(
            String id,
            String name,
            Set<Permission> permissions,
            String createdBy,
            Instant createdAt,
            Instant expiresAt,
            @Nullable Instant lastUsedAt,
            @Nullable Instant revokedAt) {
        public ApiToken {
            permissions = Set.copyOf(permissions);
        }
    }
}
