package dev.parley.server;

import dev.parley.auth.BrokerTokens;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.store.JdbcTenants;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.Tenant;
import dev.parley.tenancy.TenantStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;

/**
 * A tenant to try the broker with, made at the first start and then left alone, and a fresh token for it.
 *
 * @param token of the subject {@code alice}; a credential, so it goes to the operator's terminal and nowhere else
 */
public record Demo(Tenant tenant, String token) {
    private static final TenantId TENANT = new TenantId("demo");
    private static final SubjectId SUBJECT = new SubjectId("alice");
    private static final NanoUsd BUDGET = NanoUsd.ofUsd("5");
    private static final int SESSIONS_MAX = 10;
    private static final int OUTPUT_TOKENS_MAX = 4_096;
    private static final Duration TOKEN_LIFETIME = Duration.ofDays(1);

    /** Blocks. */
    static Demo make(JdbcTenants tenants, BrokerTokens tokens, Duration lifetimeMax) {
        Tenant tenant = tenants.find(TENANT).orElseGet(() -> {
            tenants.create(fresh());
            return tenants.find(TENANT).orElseThrow();
        });
        Duration lifetime = TOKEN_LIFETIME.compareTo(lifetimeMax) < 0 ? TOKEN_LIFETIME : lifetimeMax;
        return new Demo(tenant, tokens.mint(BrokerTokens.Order.of(TENANT, SUBJECT, lifetime)));
    }

    private static Tenant fresh() {
        return new Tenant(
                TENANT,
                "Demo",
                TenantStatus.ACTIVE,
                Set.of(),
                SESSIONS_MAX,
                BUDGET,
                BudgetPeriod.DAY,
                OUTPUT_TOKENS_MAX,
                Duration.ofHours(1),
                false,
                Instant.EPOCH);
    }

    @Override
    public String toString() {
        return "Demo[tenant=" + tenant.id() + ", token=****]";
    }
}
