package dev.parley.admin;

import dev.parley.administration.Permission;
import dev.parley.administration.TenantRegister;
import dev.parley.auth.BrokerTokens;
import dev.parley.auth.Issuer;
import dev.parley.auth.IssuerDirectory;
import dev.parley.auth.IssuerDirectory.IssuerTakenException;
import dev.parley.auth.KeySource;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.ModelName;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/** A tenant's issuers and tokens. A secret goes in and never comes out; a token is shown once. */
final class CredentialResource {
    private static final int ISSUER_MAX = 512;
    private static final int URL_MAX = 2_048;
    private static final int KEY_MAX = 4_096;
    private static final int MODELS_MAX = 100;
    private static final long TTL_SECONDS = 3_600;
    private static final long TTL_SECONDS_MAX = 366L * 86_400;

    private final IssuerDirectory issuers;
    private final BrokerTokens tokens;
    private final TenantRegister register;
    private final Changes changes;
    private final Ticker ticker;

    CredentialResource(
            IssuerDirectory issuers, BrokerTokens tokens, TenantRegister register, Changes changes, Ticker ticker) {
        this.issuers = issuers;
        this.tokens = tokens;
        this.register = register;
        this.changes = changes;
        this.ticker = ticker;
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get("/tenants/{tenant}/issuers", Permission.TENANTS_READ, this::list),
                Endpoint.create("/tenants/{tenant}/issuers", Permission.TENANT_TOKENS, this::add),
                Endpoint.of(HttpMethod.DELETE, "/tenants/{tenant}/issuers", Permission.TENANT_TOKENS, this::remove),
                Endpoint.create("/tenants/{tenant}/tokens", Permission.TENANT_TOKENS, this::mint),
                Endpoint.of(
                        HttpMethod.POST,
                        "/tenants/{tenant}/tokens/revocations",
                        Permission.TENANT_TOKENS,
                        this::revoke));
    }

    private Answer list(Call call) {
        return Call.list(
                issuers.list(known(call)).stream().map(CredentialResource::json).toList());
    }

    private Answer add(Call call) {
        TenantId tenant = known(call);
        Fields fields = call.fields();
        String name = fields.text("name", ISSUER_MAX);
        KeySource keys = keys(fields);
        fields.done();
        try {
            Issuer issuer = new Issuer(name, tenant, keys);
            return changes.inTransaction(() -> {
                issuers.add(issuer);
                JsonObject made = issuers.list(tenant).stream()
                        .filter(listed -> listed.name().equals(name))
                        .findFirst()
                        .map(CredentialResource::json)
                        .orElseThrow();
                changes.note(call, "issuer.add", "tenant/" + tenant, null, made);
                return Answer.created(made);
            });
        } catch (IssuerTakenException taken) {
            throw Problem.conflict(String.valueOf(taken.getMessage()));
        } catch (IllegalArgumentException refused) {
            throw Problem.invalid(Map.of("name", String.valueOf(refused.getMessage())));
        }
    }

    /** Exactly one of the three ways to know a key. */
    private static KeySource keys(Fields fields) {
        var jwks = fields.parsed("jwks_url", URL_MAX, text -> (KeySource) KeySource.JwksUrl.of(URI.create(text)));
        var pem = fields.parsed("public_key", KEY_MAX, text -> (KeySource) new KeySource.PublicKeyPem(text));
        var secret = fields.parsed("secret", KEY_MAX, text ->
                (KeySource) new KeySource.SharedSecret(text.getBytes(StandardCharsets.UTF_8)));
        List<KeySource> given =
                List.of(jwks, pem, secret).stream().flatMap(one -> one.stream()).toList();
        int named =
                (fields.has("jwks_url") ? 1 : 0) + (fields.has("public_key") ? 1 : 0) + (fields.has("secret") ? 1 : 0);
        if (named != 1) {
            fields.mistake("jwks_url", "give one of jwks_url, public_key and secret");
        }
        return given.isEmpty() ? new KeySource.SharedSecret(new byte[32]) : given.getFirst();
    }

    private Answer remove(Call call) {
        TenantId tenant = known(call);
        String name = call.query("name").orElseThrow(() -> Problem.badRequest("name: which issuer?"));
        return changes.inTransaction(() -> {
            if (!issuers.remove(tenant, name)) {
                throw Problem.notFound("The tenant has no issuer '" + name + "'.");
            }
            changes.note(call, "issuer.remove", "tenant/" + tenant, new JsonObject().put("name", name), null);
            return Answer.none();
        });
    }

    private Answer mint(Call call) {
        TenantId tenant = known(call);
        Fields fields = call.fields();
        SubjectId subject = fields.parsed("subject", 255, SubjectId::new).orElse(new SubjectId("none"));
        if (!fields.has("subject")) {
            fields.mistake("subject", "is required");
        }
        long seconds = fields.number("ttl_seconds", 1, TTL_SECONDS_MAX).orElse(TTL_SECONDS);
        Set<ModelName> models = fields.texts("models", MODELS_MAX)
                .map(names -> names.stream().map(ModelName::new).collect(Collectors.toSet()))
                .orElse(null);
        OptionalInt outputTokens = fields.number("output_tokens_max", 1, Integer.MAX_VALUE)
                .map(number -> OptionalInt.of(number.intValue()))
                .orElse(OptionalInt.empty());
        boolean tenantUsage = fields.flag("tenant_usage").orElse(false);
        fields.done();
        try {
            String token = tokens.mint(new BrokerTokens.Order(
                    tenant, subject, Duration.ofSeconds(seconds), models, outputTokens, tenantUsage));
            JsonObject claims = new JsonObject()
                    .put("id", idOf(token))
                    .put("subject", subject.value())
                    .put(
                            "expires_at",
                            ticker.now()
                                    .plusSeconds(seconds)
                                    .truncatedTo(ChronoUnit.SECONDS)
                                    .toString());
            return changes.inTransaction(() -> {
                changes.note(call, "token.mint", "tenant/" + tenant, null, claims);
                return Answer.created(claims.copy().put("token", token)).shownOnce();
            });
        } catch (IllegalArgumentException refused) {
            throw Problem.invalid(Map.of("ttl_seconds", String.valueOf(refused.getMessage())));
        }
    }

    /** By which it can be revoked: the broker keeps nothing else of it. */
    private static String idOf(String token) {
        byte[] claims = Base64.getUrlDecoder().decode(token.split("\\.")[1]);
        return new JsonObject(new String(claims, StandardCharsets.UTF_8)).getString("jti");
    }

    private Answer revoke(Call call) {
        TenantId tenant = known(call);
        Fields fields = call.fields();
        String id = fields.text("id", 255);
        Instant until = fields.time("until").orElse(ticker.now().plusSeconds(TTL_SECONDS_MAX));
        fields.done();
        return changes.inTransaction(() -> {
            issuers.revoke(tenant, id, until);
            changes.note(call, "token.revoke", "tenant/" + tenant, null, new JsonObject().put("id", id));
            return Answer.none();
        });
    }

    private TenantId known(Call call) {
        return TenantResource.known(register, call);
    }

    private static JsonObject json(IssuerDirectory.Listed issuer) {
        JsonArray algorithms = new JsonArray(
                issuer.algorithms().stream().map(one -> one.wireName()).sorted().toList());
        return new JsonObject()
                .put("name", issuer.name())
                .put("source", issuer.source())
                .put("algorithms", algorithms)
                .put("detail", issuer.detail())
                .put("created_at", issuer.createdAt().toString());
    }
}
