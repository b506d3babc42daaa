package dev.parley.tenancy;

import dev.parley.domain.TenantId;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Where tenants are kept. Blocks: only for virtual threads. */
public interface TenantStore {
    /** @throws RuntimeException when the store cannot be asked now */
    Optional<Tenant> find(TenantId id);

    /**
     * The tenants whose settings have changed since the store gave {@code mark}: none is missed, some may be told twice.
     *
     * @param mark null for the first mark, without tenants
     * @throws RuntimeException when the store cannot be asked now
     */
    Changes changedSince(@Nullable Mark mark);

    /** A place in the history of the tenants; only the store knows what it means. */
    record Mark(long value) {}

    /** @param mark where to go on */
    record Changes(Mark mark, Set<TenantId> tenants) {
        public Changes {
            tenants = Set.copyOf(tenants);
        }
    }
}
