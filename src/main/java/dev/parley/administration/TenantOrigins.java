package dev.parley.administration;

import dev.parley.domain.TenantId;
import dev.parley.tenancy.Origin;
import java.util.Set;

/** From which pages browsers may use a tenant's credentials; without a list, sockets from all. Blocks; part of the transaction around it. */
public interface TenantOrigins {
    /** In order. */
    Set<String> of(TenantId tenant);

    /** Lists one; false if it was listed already. The tenant exists. */
    boolean add(TenantId tenant, Origin origin);

    /** Takes one off the list; false if it was not on it. */
    boolean remove(TenantId tenant, String origin);
}
