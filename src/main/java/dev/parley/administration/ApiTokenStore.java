package dev.parley.administration;

import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where the tokens of the admin API are kept, as digests. Blocks. Thread-safe.
 *
 * <p>Behind each token stands an administrator: who made it, or who stands behind the token that made it. It can do no more
 * than they can now, and ends with the token that made it.
 */
public interface ApiTokenStore {
    /**
     * Makes a token.
     *
     * @return when it ends, which is no later than the token that makes it; empty if that one has ended
     */
    Optional<Instant> add(NewToken token, byte[] digest);

    /** The token, if it is good, and notes that it was used. */
    Optional<ApiToken> use(byte[] digest);

    /** Those that are good, and those that ended within 30 days. */
    List<ApiToken> list();

    /** Ends a token and all that were made with it; empty if it has ended. */
    List<ApiToken> revoke(String id);

    /** Ends all tokens behind which an administrator stands. */
    List<ApiToken> revokeAllOf(long administrator);

    /**
     * What is wanted.
     *
     * @param createdBy as the audit log names them
     * @param administrator who stands behind it
     */
    record NewToken(
            String id,
            String name,
            Set<Permission> permissions,
            String createdBy,
            long administrator,
            Duration lifetime) {
        public NewToken {
            permissions = Set.copyOf(permissions);
        }
    }

    /**
     * A token, without its secret.
     *
     * @param permissions that it was given
     * @param administrator who stands behind it; null if they were deleted
     */
    record ApiToken(
            String id,
            String name,
            Set<Permission> permissions,
            String createdBy,
            @Nullable Backer administrator,
            Instant createdAt,
            Instant expiresAt,
            @Nullable Instant lastUsedAt,
            @Nullable Instant revokedAt) {
        public ApiToken {
            permissions = Set.copyOf(permissions);
        }

        /** Those of its permissions that its administrator has too, now. */
        public Set<Permission> usable() {
            Backer backer = administrator;
            if (backer == null || backer.disabled()) {
                return Set.of();
            }
            Set<Permission> usable = new HashSet<>(permissions);
            usable.retainAll(backer.role().permissions());
            return Set.copyOf(usable);
        }
    }

    /** The administrator who stands behind a token, as they are now. */
    record Backer(long id, String name, Role role, boolean disabled) {}
}
