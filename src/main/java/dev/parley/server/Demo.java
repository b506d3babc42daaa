package dev.parley.server;

import dev.parley.auth.BrokerTokens;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.store.JdbcTenants;
import dev.parley.tenancy.Budget;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.Settings;
import dev.parley.tenancy.Tenant;
import java.time.Duration;

/**
 * A tenant to try the broker with, made at the first start and then left alone, and a fresh token for it.
 *
 * @param token of the subject {@code alice}; a credential, so it goes to the operator's terminal and nowhere else
 */
public record Demo(Tenant tenant, String token) {
    private static final TenantId TENANT = new TenantId("demo");
    private static final SubjectId SUBJECT = new SubjectId("alice");
    private static final NanoUsd BUDGET = NanoUsd.ofUsd("5");
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
        return Tenant.of(TENANT, "Demo", Settings.NONE.with(Budget.ofMoney(Budget.MAIN, BUDGET, BudgetPeriod.DAY)));
    }

    @Override
    public String toString() {
        return "Demo[tenant=" + tenant.id() + ", token=****]";
    }
}
