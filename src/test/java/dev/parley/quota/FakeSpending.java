package dev.parley.quota;

import dev.parley.domain.NanoUsd;
import dev.parley.domain.TenantId;
import dev.parley.tenancy.BudgetPeriod;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** What a ledger would say. Thread-safe. */
final class FakeSpending implements SpendingStore {
    private final Map<BudgetPeriod, NanoUsd> spent = new ConcurrentHashMap<>();
    private final AtomicInteger reads = new AtomicInteger();
    private final AtomicInteger failures = new AtomicInteger();
    private volatile boolean away;

    @Override
    public NanoUsd spent(TenantId tenant, BudgetWindow window) {
        reads.incrementAndGet();
        if (away || failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            throw new IllegalStateException("the ledger is away");
        }
        return spent.getOrDefault(window.period(), NanoUsd.ZERO);
    }

    void set(BudgetPeriod period, NanoUsd money) {
        spent.put(period, money);
    }

    void away(boolean gone) {
        away = gone;
    }

    void failNext(int reads) {
        failures.set(reads);
    }

    int reads() {
        return reads.get();
    }
}
