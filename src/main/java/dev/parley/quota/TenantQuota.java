package dev.parley.quota;

import dev.parley.tenancy.Tenant;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What this process knows of one tenant's use: sessions open now and the account of the running window. Thread-safe,
 * lock-free. Kept for the life of the process: an account forgotten too early would forget what is not yet in the ledger.
 */
final class TenantQuota {
    final AtomicReference<@Nullable BudgetAccount> account = new AtomicReference<>();
    final AtomicReference<@Nullable BudgetOpening> opening = new AtomicReference<>();
    private final AtomicInteger sessions = new AtomicInteger();
    private volatile Tenant tenant;

    TenantQuota(Tenant tenant) {
        this.tenant = tenant;
    }

    /** The tenant's settings as last heard. */
    Tenant tenant() {
        return tenant;
    }

    void hear(Tenant current) {
        tenant = current;
    }

    int sessions() {
        return sessions.get();
    }

    boolean enter() {
        int open = sessions.get();
        while (open < tenant.sessionsMax()) {
            if (sessions.compareAndSet(open, open + 1)) {
                return true;
            }
            open = sessions.get();
        }
        return false;
    }

    void leave() {
        sessions.decrementAndGet();
    }

    long limit() {
        return tenant.budget().value();
    }
}
