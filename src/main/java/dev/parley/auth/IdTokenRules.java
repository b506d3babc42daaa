package dev.parley.auth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;

/** What an ID token must say (OpenID Connect Core 3.1.3.7). The provider's keys and this client's id are all that is trusted. */
final class IdTokenRules {
    /** How long ago a password may have been given that was asked for anew. */
    static final Duration FRESH = Duration.ofMinutes(5);

    private static final Duration SKEW = Duration.ofSeconds(60);
    private static final Set<Algorithm> ALGORITHMS = Set.of(Algorithm.RS256, Algorithm.ES256, Algorithm.EDDSA);

    private final String issuer;
    private final String clientId;

    IdTokenRules(String issuer, String clientId) {
        this.issuer = issuer;
        this.clientId = clientId;
    }

    /**
     * The claims of a token that is signed by the provider and made for this try.
     *
     * @param keySet the provider's key set document
     */
    ObjectNode claims(Vertx vertx, String text, byte[] keySet, OpenIdAttempt attempt, Instant now)
            throws OpenIdException {
        UnverifiedToken token = parsed(text);
        SigningKey key = keys(vertx, keySet).find(token);
        if (key == null || !key.signed(token)) {
            throw new OpenIdException("the ID token is not signed with a key of the provider");
        }
        ObjectNode claims = token.claims();
        if (!issuer.equals(claims.path("iss").textValue())) {
            throw new OpenIdException("the ID token is from another issuer");
        }
        checkAudience(claims);
        checkTimes(claims, attempt, now);
        if (!same(attempt.nonce(), claims.path("nonce").asText(""))) {
            throw new OpenIdException("the ID token was made for another try");
        }
        if (claims.path("sub").asText("").isEmpty()) {
            throw new OpenIdException("the ID token names no subject");
        }
        return claims;
    }

    private void checkAudience(ObjectNode claims) throws OpenIdException {
        JsonNode audience = claims.path("aud");
        boolean only = clientId.equals(audience.textValue())
                || (audience.size() == 1 && clientId.equals(audience.get(0).textValue()));
        boolean among = false;
        for (JsonNode one : audience) {
            among |= clientId.equals(one.textValue());
        }
        JsonNode authorized = claims.path("azp");
        boolean ours = clientId.equals(authorized.textValue());
        if (!(only && authorized.isMissingNode()) && !((only || among) && ours)) {
            throw new OpenIdException("the ID token is for another client");
        }
    }

    private static void checkTimes(ObjectNode claims, OpenIdAttempt attempt, Instant now) throws OpenIdException {
        long expires = claims.path("exp").asLong(0);
        if (expires <= now.minus(SKEW).getEpochSecond()) {
            throw new OpenIdException("the ID token has expired");
        }
        if (claims.path("iat").asLong(Long.MAX_VALUE) > now.plus(SKEW).getEpochSecond()) {
            throw new OpenIdException("the ID token does not say that it was made by now");
        }
        if (attempt.fresh()
                && claims.path("auth_time").asLong(0) < now.minus(FRESH).getEpochSecond()) {
            throw new OpenIdException("the provider has not asked for the password again");
        }
    }

    /** Not later than now; the epoch if the token does not say. */
    static Instant authenticatedAt(ObjectNode claims, Instant now) {
        long seconds = claims.path("auth_time").asLong(0);
        return Instant.ofEpochSecond(Math.clamp(seconds, 0, now.getEpochSecond()));
    }

    private static UnverifiedToken parsed(String text) throws OpenIdException {
        try {
            UnverifiedToken token = UnverifiedToken.parse(text);
            if (!ALGORITHMS.contains(token.algorithm())) {
                throw new OpenIdException("the ID token is signed with a secret");
            }
            return token;
        } catch (RejectedToken rejected) {
            throw new OpenIdException("the ID token cannot be read", rejected);
        }
    }

    private static JwksKeys keys(Vertx vertx, byte[] keySet) throws OpenIdException {
        try {
            return JwksKeys.parse(vertx, keySet, ALGORITHMS);
        } catch (IllegalArgumentException unusable) {
            throw new OpenIdException("the provider's key set cannot be used", unusable);
        }
    }

    static boolean same(String one, String other) {
        return !one.isEmpty()
                && MessageDigest.isEqual(one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
    }
}
