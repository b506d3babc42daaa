package dev.parley.administration;

import dev.parley.domain.TenantId;
import dev.parley.tenancy.Tenant;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Makes and changes tenants. Blocks; part of the transaction around it. */
public interface TenantRegister {
    Optional<Tenant> find(TenantId id);

    /**
     * @return false, with nothing changed, if there is one of this name already
     * @throws IllegalArgumentException if there is no such plan, or the allow-list names a model that is not in the catalogue
     */
    boolean create(Tenant tenant);

    /**
     * Changes a tenant, if nobody else has changed it since.
     *
     * @param generation that the change is meant for
     * @throws IllegalArgumentException if there is no such plan, or the allow-list names a model that is not in the catalogue
     */
    Outcome change(TenantId id, long generation, UnaryOperator<Tenant> change);

    /** What became of a change. */
    enum Outcome {
        CHANGED,
        /** Somebody else was faster. */
        OUTDATED,
        UNKNOWN
    }
}
