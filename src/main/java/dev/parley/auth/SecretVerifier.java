package dev.parley.auth;

import dev.parley.concurrent.Blocking;
import dev.parley.domain.Refusal;
import dev.parley.tenancy.Tenant;
import dev.parley.tenancy.TenantDirectory;
import dev.parley.tenancy.TenantStatus;
import io.vertx.core.Future;
import java.util.Optional;

/**
 * Client secrets beside JWTs. A secret's expiry ends its use for new sessions, not the sessions that it has started; the
 * tenant's suspension and the revocation of its tokens end those too. Thread-safe.
 */
public final class SecretVerifier implements TokenVerifier {
    /** Of callers by secret, in place of an issuer: no issuer has an empty name. */
    public static final String ISSUER = "";

    private final TokenVerifier tokens;
    private final ClientSecrets secrets;
    private final TenantDirectory tenants;
    private final Blocking blocking;

    public SecretVerifier(TokenVerifier tokens, ClientSecrets secrets, TenantDirectory tenants, Blocking blocking) {
        this.tokens = tokens;
        this.secrets = secrets;
        this.tenants = tenants;
        this.blocking = blocking;
    }

    @Override
    public Future<Verification> verify(String token) {
        if (!SecretToken.is(token)) {
            return tokens.verify(token);
        }
        if (!SecretToken.isWellFormed(token)) {
            return rejected(unknown());
        }
        byte[] hash = SecretToken.hash(token);
        return blocking.call(() -> secrets.find(hash))
                .compose(
                        found -> found.isEmpty() ? rejected(unknown()) : standing(found.get()),
                        away -> rejected(RejectedToken.unavailable("identity_unavailable", "secrets cannot be read")
                                .refusal()));
    }

    @Override
    public Future<Optional<Refusal>> recheck(Caller caller) {
        return caller.issuer().equals(ISSUER)
                ? tenants.find(caller.tenant()).map(tenant -> against(caller, tenant))
                : tokens.recheck(caller);
    }

    private Future<Verification> standing(Caller caller) {
        return tenants.find(caller.tenant())
                .map(tenant -> against(caller, tenant)
                        .<Verification>map(Verification.Rejected::new)
                        .orElseGet(() -> new Verification.Verified(caller)));
    }

    private static Optional<Refusal> against(Caller caller, Optional<Tenant> tenant) {
        if (tenant.isEmpty()) {
            return Optional.of(unknown());
        }
        if (tenant.get().status() == TenantStatus.SUSPENDED) {
            return Optional.of(RejectedToken.suspended().refusal());
        }
        return caller.issuedAt().isBefore(tenant.get().tokensValidFrom())
                ? Optional.of(RejectedToken.revoked().refusal())
                : Optional.empty();
    }

    private static Refusal unknown() {
        return RejectedToken.invalid("there is no such client secret, or not any more")
                .refusal();
    }

    private static Future<Verification> rejected(Refusal refusal) {
        return Future.succeededFuture(new Verification.Rejected(refusal));
    }
}
