package dev.parley.tenancy;

import dev.parley.domain.TenantId;
import java.util.Optional;

/** Where tenants are kept. Blocks: only for virtual threads. */
public interface TenantStore {
    /** @throws RuntimeException when the store cannot be asked now */
    Optional<Tenant> find(TenantId id);
}
