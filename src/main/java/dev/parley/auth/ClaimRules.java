package dev.parley.auth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.config.AuthConfig;
import dev.parley.domain.ModelName;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the claims of a token must say. Claims of the wrong type are refused by name, never guessed at. Thread-safe. */
final class ClaimRules {
    /** The year 9999: later is a mistake, and would overflow some clock. */
    private static final long SECONDS_MAX = 253_402_300_799L;

    private static final int MODELS_MAX = 200;
    private static final int TOKEN_ID_LENGTH_MAX = 255;

    private final String audience;
    private final Duration lifetimeMax;
    private final Duration skew;

    ClaimRules(AuthConfig config) {
        this.audience = config.audience();
        this.lifetimeMax = config.tokenLifetimeMax();
        this.skew = config.clockSkew();
    }

    /** Who the token speaks for, if its signature holds. */
    Caller callerOf(ObjectNode claims, TenantId tenant, String issuer, Instant now) throws RejectedToken {
        checkAudience(claims.get("aud"));
        Instant expiresAt = time(claims, "exp");
        if (expiresAt == null) {
            throw RejectedToken.claim("exp", "is missing");
        }
        Instant issuedAt = issuedAt(claims, expiresAt, now);
        Instant notBefore = time(claims, "nbf");
        if (notBefore != null && notBefore.isAfter(now.plus(skew))) {
            throw RejectedToken.claim("nbf", "is in the future");
        }
        if (isExpired(expiresAt, now)) {
            throw RejectedToken.expired();
        }
        return new Caller(
                tenant,
                new SubjectId(text(claims, "sub", 255)),
                issuer,
                claims.has("jti") ? text(claims, "jti", TOKEN_ID_LENGTH_MAX) : null,
                issuedAt,
                expiresAt,
                models(claims.get("models")),
                outputTokens(claims.get("max_output_tokens")),
                wholeTenant(claims.get("usage")),
                null);
    }

    /** The tenant that a token of the broker's own issuer names. */
    static TenantId tenantOf(ObjectNode claims) throws RejectedToken {
        try {
            return new TenantId(text(claims, "tenant", 63));
        } catch (IllegalArgumentException _) {
            throw RejectedToken.claim("tenant", "is not the name of a tenant");
        }
    }

    boolean isExpired(Instant expiresAt, Instant now) {
        return !now.isBefore(expiresAt.plus(skew));
    }

    private void checkAudience(@Nullable JsonNode claim) throws RejectedToken {
        if (claim == null) {
            throw RejectedToken.claim("aud", "is missing; it must hold '" + audience + "'");
        }
        boolean found = isAudience(claim);
        if (claim.isArray()) {
            for (JsonNode entry : claim) {
                if (!entry.isTextual()) {
                    throw RejectedToken.claim("aud", "must be a string or an array of strings");
                }
                found |= isAudience(entry);
            }
        } else if (!claim.isTextual()) {
            throw RejectedToken.claim("aud", "must be a string or an array of strings");
        }
        if (!found) {
            throw RejectedToken.claim("aud", "does not hold '" + audience + "'");
        }
    }

    private boolean isAudience(JsonNode entry) {
        return entry.isTextual() && entry.textValue().equals(audience);
    }

    /**
     * A token that does not say when it was issued counts as issued as early as its expiry allows, so that it cannot dodge
     * the revocation of all earlier tokens.
     */
    private Instant issuedAt(ObjectNode claims, Instant expiresAt, Instant now) throws RejectedToken {
        Instant issuedAt = time(claims, "iat");
        if (issuedAt != null && issuedAt.isAfter(now.plus(skew))) {
            throw RejectedToken.claim("iat", "is in the future");
        }
        Instant from = issuedAt == null ? now : issuedAt;
        if (Duration.between(from, expiresAt).compareTo(lifetimeMax) > 0) {
            throw RejectedToken.claim(
                    "exp",
                    "makes the token live longer than the " + lifetimeMax.toSeconds() + " seconds that are allowed");
        }
        return issuedAt == null ? expiresAt.minus(lifetimeMax) : issuedAt;
    }

    private static @Nullable Instant time(ObjectNode claims, String name) throws RejectedToken {
        JsonNode claim = claims.get(name);
        if (claim == null) {
            return null;
        }
        if (!claim.isNumber()) {
            throw RejectedToken.claim(name, "must be a number of seconds since 1970");
        }
        BigDecimal seconds = claim.decimalValue();
        if (seconds.signum() < 0 || seconds.compareTo(BigDecimal.valueOf(SECONDS_MAX)) > 0) {
            throw RejectedToken.claim(name, "is not a time between 1970 and 9999");
        }
        // Not setScale: a stranger's 1e-99999999 would be written out with all its digits, which takes minutes.
        return Instant.ofEpochSecond(seconds.longValue());
    }

    private static String text(ObjectNode claims, String name, int lengthMax) throws RejectedToken {
        JsonNode claim = claims.get(name);
        if (claim == null) {
            throw RejectedToken.claim(name, "is missing");
        }
        if (!claim.isTextual()
                || claim.textValue().isEmpty()
                || claim.textValue().length() > lengthMax
                || !isPrintable(claim.textValue())) {
            throw RejectedToken.claim(name, "must be a string of 1 to " + lengthMax + " printable characters");
        }
        return claim.textValue();
    }

    /** It goes into rows and logs: no control characters, no halves of surrogate pairs. */
    private static boolean isPrintable(String text) {
        return text.codePoints().noneMatch(c -> Character.isISOControl(c) || (c >= 0xD800 && c <= 0xDFFF));
    }

    private static @Nullable Set<ModelName> models(@Nullable JsonNode claim) throws RejectedToken {
        if (claim == null) {
            return null;
        }
        if (!claim.isArray() || claim.size() > MODELS_MAX) {
            throw RejectedToken.claim("models", "must be an array of at most " + MODELS_MAX + " names");
        }
        Set<ModelName> models = new HashSet<>();
        for (JsonNode name : claim) {
            if (!name.isTextual()
                    || name.textValue().isEmpty()
                    || name.textValue().length() > 128) {
                throw RejectedToken.claim("models", "must hold names of 1 to 128 characters only");
            }
            models.add(new ModelName(name.textValue()));
        }
        return Set.copyOf(models);
    }

    /** What the token may see beside its own subject's usage. */
    private static boolean wholeTenant(@Nullable JsonNode claim) throws RejectedToken {
        if (claim != null && !"tenant".equals(claim.textValue()) && !"subject".equals(claim.textValue())) {
            throw RejectedToken.claim("usage", "must be \"subject\" or \"tenant\"");
        }
        return claim != null && "tenant".equals(claim.textValue());
    }

    private static OptionalInt outputTokens(@Nullable JsonNode claim) throws RejectedToken {
        if (claim == null) {
            return OptionalInt.empty();
        }
        if (!claim.isIntegralNumber() || !claim.canConvertToInt() || claim.intValue() < 1) {
            throw RejectedToken.claim("max_output_tokens", "must be a whole number from 1 to " + Integer.MAX_VALUE);
        }
        return OptionalInt.of(claim.intValue());
    }
}
