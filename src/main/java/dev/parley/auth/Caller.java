package dev.parley.auth;

import dev.parley.domain.ModelName;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import java.time.Instant;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who a verified token speaks for. Claims may narrow what the tenant allows, never widen it.
 *
 * @param issuer the token's {@code iss}; when the tenant no longer has it, the caller has to go
 * @param tokenId the token's {@code jti}, by which it can be revoked
 * @param models narrows the tenant's allow-list; null if the token does not
 * @param outputTokensMax narrows the tenant's cap on one response
 * @param wholeTenant whether the token may see what the tenant's other subjects have used
 * @param binding of a caller by client secret; null for one by token
 */
public record Caller(
        TenantId tenant,
        SubjectId subject,
        String issuer,
        @Nullable String tokenId,
        Instant issuedAt,
        Instant expiresAt,
        @Nullable Set<ModelName> models,
        OptionalInt outputTokensMax,
        boolean wholeTenant,
        @Nullable Binding binding) {
    /** One that speaks for its subject only. */
    public Caller(
            TenantId tenant,
            SubjectId subject,
            String issuer,
            @Nullable String tokenId,
            Instant issuedAt,
            Instant expiresAt,
            @Nullable Set<ModelName> models,
            OptionalInt outputTokensMax) {
        this(tenant, subject, issuer, tokenId, issuedAt, expiresAt, models, outputTokensMax, false, null);
    }

    public boolean allows(ModelName model) {
        return models == null || models.contains(model);
    }
}
