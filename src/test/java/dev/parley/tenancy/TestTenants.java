package dev.parley.tenancy;

import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;

/** Tenants as tests need them: whose client is lost ends at once, unless a test gives it a window. */
public final class TestTenants {
    private TestTenants() {}

    /** An active tenant with room for everything. */
    public static Tenant roomy(String name) {
        return Tenant.of(
                new TenantId(name),
                name,
                Settings.NONE
                        .with(LimitName.SESSIONS_MAX, 100)
                        .with(LimitName.RESUME_WINDOW_SECONDS, 0)
                        .with(Budget.ofMoney(Budget.MAIN, NanoUsd.ofUsd("1000"), BudgetPeriod.TOTAL)));
    }

    /** With the settings that most tests care for. */
    public static Tenant of(
            TenantId id,
            String name,
            TenantStatus status,
            Set<ModelName> models,
            int sessionsMax,
            NanoUsd budget,
            BudgetPeriod period,
            int outputTokensMax,
            Duration sessionLengthMax,
            boolean closeOnExhausted,
            Instant tokensValidFrom) {
        Settings own = Settings.NONE
                .with(LimitName.SESSIONS_MAX, sessionsMax)
                .with(LimitName.RESUME_WINDOW_SECONDS, 0)
                .with(LimitName.OUTPUT_TOKENS_MAX, outputTokensMax)
                .with(LimitName.SESSION_LENGTH_MAX_SECONDS, sessionLengthMax.toSeconds())
                .with(Budget.ofMoney(Budget.MAIN, budget, period))
                .withCloseOnExhausted(closeOnExhausted)
                .withModels(models);
        return Tenant.of(id, name, own).withStatus(status).withTokensValidFrom(tokensValidFrom);
    }
}
