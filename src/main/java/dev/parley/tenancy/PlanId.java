package dev.parley.tenancy;

import dev.parley.domain.Slug;

/** A plan's name: a slug of 1 to 63 characters, such as {@code standard}. */
public record PlanId(String value) {
    /** The plan of tenants that name none. */
    public static final PlanId STANDARD = new PlanId("standard");

    public PlanId {
        Slug.require("plan", value);
    }

    @Override
    public String toString() {
        return value;
    }
}
