package dev.parley.pool;

import dev.parley.domain.TenantId;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** The upstream sessions that each tenant has on this node, over all event loops. Thread-safe. */
final class TenantCounts {
    private final int max;
    private final Map<TenantId, AtomicInteger> leased = new ConcurrentHashMap<>();

    /** @param max of one tenant */
    TenantCounts(int max) {
        this.max = max;
    }

    /** How many more a tenant may have. */
    int room(TenantId tenant) {
        return max - count(tenant).get();
    }

    /** Counts one more; false if the tenant has as many as it may. */
    boolean tryTake(TenantId tenant) {
        AtomicInteger count = count(tenant);
        if (count.incrementAndGet() <= max) {
            return true;
        }
        count.decrementAndGet();
        return false;
    }

    void giveBack(TenantId tenant) {
        count(tenant).decrementAndGet();
    }

    /** A tenant's counter stays: it is some bytes for each tenant that was ever here. */
    private AtomicInteger count(TenantId tenant) {
        return leased.computeIfAbsent(tenant, _ -> new AtomicInteger());
    }
}
