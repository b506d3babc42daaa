package dev.parley.config;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Identity.
 *
 * @param audience what a token's {@code aud} must hold
 * @param tokenLifetimeMax tokens that live longer are refused
 * @param clockSkew tolerated on {@code exp} and {@code nbf}
 * @param keyFile holds the key that encrypts secrets at rest; null: {@code master.key} under the data folder, made at the
 *     first start
 * @param jwksAllowLoopback allows http JWKS URLs on loopback, for development
 * @param recheckInterval how often live sessions are checked for expiry, revocation and suspension
 */
public record AuthConfig(
        String audience,
        Duration tokenLifetimeMax,
        Duration clockSkew,
        @Nullable Path keyFile,
        boolean jwksAllowLoopback,
        Duration recheckInterval) {}
