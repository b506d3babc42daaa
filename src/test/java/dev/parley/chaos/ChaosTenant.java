package dev.parley.chaos;

import dev.parley.domain.NanoUsd;
import dev.parley.domain.TenantId;
import dev.parley.store.Database;
import dev.parley.store.JdbcTenants;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.TenantStatus;
import dev.parley.tenancy.TestTenants;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;

/** The tenant of the talkers: sessions for a long day, and most often money too. */
final class ChaosTenant {
    static final String NAME = "chaos";

    private ChaosTenant() {}

    static void createIn(Database database) {
        createIn(database, NanoUsd.ofUsd("100000"));
    }

    /** @param budget in total; hard */
    static void createIn(Database database, NanoUsd budget) {
        new JdbcTenants(database)
                .create(TestTenants.of(
                        new TenantId(NAME),
                        "Chaos",
                        TenantStatus.ACTIVE,
                        Set.of(),
                        100,
                        budget,
                        BudgetPeriod.TOTAL,
                        4_096,
                        Duration.ofHours(1),
                        false,
                        Instant.EPOCH));
    }
}
