package dev.parley.quota;

import dev.parley.domain.NanoUsd;
import dev.parley.domain.TenantId;

/** What the ledger says was spent. Blocks: only for virtual threads. */
public interface SpendingStore {
    /**
     * What counts against the window. For a month it is exact: the entries whose period is that month. For an hour or a
     * day the entry does not say when its money was reserved, so all entries that <em>became known</em> in the window
     * count: a response that ran across the boundary weighs on the later window, never on none.
     *
     * @throws RuntimeException when the store cannot be asked now
     */
    NanoUsd spent(TenantId tenant, BudgetWindow window);
}
