package dev.parley.administration;

import dev.parley.tenancy.Plan;
import dev.parley.tenancy.PlanId;

/** Makes and changes plans. Blocks; part of the transaction around it. */
public interface PlanRegister {
    /**
     * @return false, with nothing changed, if there is one of this name already
     * @throws IllegalArgumentException if the allow-list names a model that is not in the catalogue
     */
    boolean create(Plan plan);

    /**
     * Changes a plan, if nobody else has changed it since.
     *
     * @throws IllegalArgumentException if the allow-list names a model that is not in the catalogue
     */
    Outcome change(Plan plan, long generation);

    /** Deletes a plan that no tenant is on, if nobody else has changed it since. */
    Outcome delete(PlanId id, long generation);

    /** What became of a wish. */
    enum Outcome {
        DONE,
        /** Somebody else was faster. */
        OUTDATED,
        /** Tenants are on it. */
        IN_USE,
        UNKNOWN
    }
}
