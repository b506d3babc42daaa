package dev.parley.store;

import dev.parley.tenancy.PlanId;

/** There is no plan of this name. */
public final class UnknownPlanException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnknownPlanException(PlanId plan) {
        super("there is no plan '" + plan + "'");
    }
}
