package dev.parley.auth;

import dev.parley.auth.TokenVerifier.Verification;
import dev.parley.config.Secret;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.tenancy.OriginBook;
import dev.parley.tenancy.Tenant;
import dev.parley.tenancy.TenantDirectory;
import dev.parley.tenancy.TenantStatus;
import io.vertx.core.Future;
import org.jspecify.annotations.Nullable;

/** From a credential to a caller whose tenant may use the broker now. Thread-safe. */
public final class Callers {
    private final TokenVerifier verifier;
    private final TenantDirectory tenants;
    private final OriginBook origins;

    public Callers(TokenVerifier verifier, TenantDirectory tenants, OriginBook origins) {
        this.verifier = verifier;
        this.tenants = tenants;
        this.origins = origins;
    }

    /** Who it is, or why nobody. */
    public sealed interface Identity {
        record Known(Caller caller, Tenant tenant) implements Identity {}

        record Unknown(Refusal refusal) implements Identity {}
    }

    /**
     * @param credential null if there was none
     * @param origin the page that a browser comes from; null for others
     */
    public Future<Identity> identify(@Nullable Secret credential, @Nullable String origin) {
        if (credential == null) {
            return unknown(Refusal.of(
                    Kind.UNAUTHENTICATED,
                    "missing_credentials",
                    "You didn't provide a token: send 'Authorization: Bearer TOKEN' or the subprotocol"
                            + " 'openai-insecure-api-key.TOKEN'."));
        }
        return verifier.verify(credential.reveal()).compose(verification -> switch (verification) {
            case Verification.Rejected(Refusal refusal) -> unknown(refusal);
            case Verification.Verified(Caller caller) ->
                tenants.find(caller.tenant()).map(tenant -> standing(caller, tenant.orElse(null), origin));
        });
    }

    private Identity standing(Caller caller, @Nullable Tenant tenant, @Nullable String origin) {
        if (tenant == null) {
            return new Identity.Unknown(
                    Refusal.of(Kind.FORBIDDEN, "unknown_tenant", "The token's tenant does not exist."));
        }
        if (origin != null && !origins.allows(tenant.id(), origin)) {
            return new Identity.Unknown(Refusal.of(
                    Kind.FORBIDDEN, "origin_not_allowed", "This page's origin is not on the tenant's list."));
        }
        return tenant.status() == TenantStatus.ACTIVE
                ? new Identity.Known(caller, tenant)
                : new Identity.Unknown(Refusal.of(Kind.FORBIDDEN, "tenant_suspended", "This tenant is suspended."));
    }

    private static Future<Identity> unknown(Refusal refusal) {
        return Future.succeededFuture(new Identity.Unknown(refusal));
    }
}
