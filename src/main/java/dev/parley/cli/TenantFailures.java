package dev.parley.cli;

import dev.parley.domain.TenantId;

/** What commands on tenants have to say in the same words. */
final class TenantFailures {
    private TenantFailures() {}

    static CommandFailure unknown(TenantId tenant) {
        return new CommandFailure("there is no tenant '" + tenant + "': see 'parley tenant list'");
    }
}
