package dev.parley.quota;

import dev.parley.domain.SubjectId;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.Tenant;
import java.util.List;
import java.util.Locale;

/** The one hard budget that a tenant's own settings hold. */
public final class TenantBudget implements LimitSource {
    @Override
    public List<Limit> of(Tenant tenant, SubjectId subject) {
        BudgetPeriod period = tenant.budgetPeriod();
        return List.of(new Limit(
                "budget/tenant/" + period.name().toLowerCase(Locale.ROOT),
                Unit.MONEY,
                switch (period) {
                    case HOUR -> LimitPeriod.HOUR;
                    case DAY -> LimitPeriod.DAY;
                    case MONTH -> LimitPeriod.MONTH;
                    case TOTAL -> LimitPeriod.TOTAL;
                },
                null,
                tenant.budget().value(),
                true));
    }
}
