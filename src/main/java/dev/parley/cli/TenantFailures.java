package dev.parley.cli;

import dev.parley.domain.TenantId;
import dev.parley.tenancy.PlanId;

/** What commands on tenants and plans have to say in the same words. */
final class TenantFailures {
    private TenantFailures() {}

    static CommandFailure unknown(TenantId tenant) {
        return new CommandFailure("there is no tenant '" + tenant + "': see 'parley tenant list'");
    }

    static CommandFailure unknown(PlanId plan) {
        return new CommandFailure("there is no plan '" + plan + "': see 'parley plan list'");
    }
}
