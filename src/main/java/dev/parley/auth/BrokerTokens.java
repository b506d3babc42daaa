package dev.parley.auth;

import dev.parley.concurrent.Ticker;
import dev.parley.config.AuthConfig;
import dev.parley.domain.ModelName;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.auth.JWTOptions;
import io.vertx.ext.auth.PubSecKeyOptions;
import io.vertx.ext.auth.jwt.JWTAuth;
import io.vertx.ext.auth.jwt.JWTAuthOptions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Mints tokens of the broker's own issuer, signed with the key that all nodes on one database share. Blocks when made, not
 * when minting; thread-safe.
 */
public final class BrokerTokens {
    private static final int SECRET_BYTES = 32;
    private static final int TOKEN_ID_BYTES = 16;

    private final JWTAuth auth;
    private final AuthConfig config;
    private final Ticker ticker;
    private final SecureRandom random = new SecureRandom();

    /** Reads the broker's key, and makes it if there is none. */
    public BrokerTokens(Vertx vertx, AuthConfig config, IssuerDirectory issuers, Ticker ticker) {
        this.config = config;
        this.ticker = ticker;
        byte[] secret = issuers.brokerSecret(newSecret());
        this.auth = JWTAuth.create(
                vertx,
                new JWTAuthOptions()
                        .addPubSecKey(new PubSecKeyOptions()
                                .setAlgorithm(Algorithm.HS256.wireName())
                                .setBuffer(Buffer.buffer(secret))));
        Arrays.fill(secret, (byte) 0);
    }

    /**
     * What a token shall say.
     *
     * @param lifetime one second up to the longest that is configured
     * @param models narrows the tenant's allow-list; null does not
     * @param wholeTenant whether it may see what the tenant's other subjects have used
     */
    public record Order(
            TenantId tenant,
            SubjectId subject,
            Duration lifetime,
            @Nullable Set<ModelName> models,
            OptionalInt outputTokensMax,
            boolean wholeTenant) {
        public Order {
            if (outputTokensMax.isPresent() && outputTokensMax.getAsInt() < 1) {
                throw new IllegalArgumentException("the most output tokens must be at least 1");
            }
        }

        public static Order of(TenantId tenant, SubjectId subject, Duration lifetime) {
            return new Order(tenant, subject, lifetime, null, OptionalInt.empty(), false);
        }
    }

    /** A signed token. The tenant is not looked up: a token for one that does not exist is refused when it is used. */
    public String mint(Order order) {
        if (order.lifetime().toSeconds() < 1 || order.lifetime().compareTo(config.tokenLifetimeMax()) > 0) {
            throw new IllegalArgumentException("a token lives 1 second to "
                    + config.tokenLifetimeMax().toSeconds() + " seconds, not "
                    + order.lifetime().toSeconds());
        }
        Instant now = ticker.now();
        JsonObject claims = new JsonObject()
                .put("iss", Issuer.BROKER)
                .put("aud", config.audience())
                .put("tenant", order.tenant().value())
                .put("sub", order.subject().value())
                .put("jti", tokenId())
                .put("iat", now.getEpochSecond())
                .put("exp", now.getEpochSecond() + order.lifetime().toSeconds());
        if (order.models() != null) {
            claims.put("models", names(order.models()));
        }
        order.outputTokensMax().ifPresent(tokens -> claims.put("max_output_tokens", tokens));
        if (order.wholeTenant()) {
            claims.put("usage", "tenant");
        }
        return auth.generateToken(claims, new JWTOptions().setAlgorithm(Algorithm.HS256.wireName()));
    }

    private static JsonArray names(Collection<ModelName> models) {
        Set<String> sorted = new TreeSet<>();
        models.forEach(model -> sorted.add(model.value()));
        JsonArray names = new JsonArray();
        sorted.forEach(names::add);
        return names;
    }

    private byte[] newSecret() {
        byte[] secret = new byte[SECRET_BYTES];
        random.nextBytes(secret);
        return secret;
    }

    private String tokenId() {
        byte[] bits = new byte[TOKEN_ID_BYTES];
        random.nextBytes(bits);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bits);
    }
}
