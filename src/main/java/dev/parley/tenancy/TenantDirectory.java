package dev.parley.tenancy;

import dev.parley.domain.TenantId;
import io.vertx.core.Future;
import java.util.Optional;

/** Finds tenants. Answers from a cache of some seconds, so a change acts within {@link #STALENESS_SECONDS_MAX}. */
public interface TenantDirectory {
    /** How old an answer can be. */
    int STALENESS_SECONDS_MAX = 10;

    /** The tenant, or empty if there is none of this name; completes on the caller's context. */
    Future<Optional<Tenant>> find(TenantId id);
}
