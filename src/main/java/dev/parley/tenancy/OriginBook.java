package dev.parley.tenancy;

import dev.parley.domain.TenantId;

/** From which pages browsers may use a tenant's credentials. Thread-safe, never blocks. */
public interface OriginBook {
    /** Whether a tenant lets this origin; one without a list lets all. */
    boolean allows(TenantId tenant, String origin);

    /** Whether any tenant lists this origin: all that can be known before a credential is there. */
    boolean isListed(String origin);
}
