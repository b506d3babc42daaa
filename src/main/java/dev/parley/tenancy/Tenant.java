package dev.parley.tenancy;

import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;

/**
 * A tenant as the broker sees it now. Immutable; a change is a new value from the {@link TenantDirectory}.
 *
 * @param models the allow-list; empty allows every model of the catalogue
 * @param sessionsMax sessions at once
 * @param budget the hard budget of one period
 * @param budgetPeriod the period in which {@code budget} renews
 * @param outputTokensMax the most that one response may ask for
 * @param sessionLengthMax the longest session
 * @param closeOnExhausted whether an exhausted budget ends the session (true) or only refuses the response
 * @param tokensValidFrom tokens issued before this are revoked
 */
public record Tenant(
        TenantId id,
        String name,
        TenantStatus status,
        Set<ModelName> models,
        int sessionsMax,
        NanoUsd budget,
        BudgetPeriod budgetPeriod,
        int outputTokensMax,
        Duration sessionLengthMax,
        boolean closeOnExhausted,
        Instant tokensValidFrom) {
    public Tenant {
        models = Set.copyOf(models);
    }

    public boolean allows(ModelName model) {
        return models.isEmpty() || models.contains(model);
    }
}
