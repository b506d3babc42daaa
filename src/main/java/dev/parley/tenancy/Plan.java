package dev.parley.tenancy;

/** A named set of limits and budgets that tenants share. Immutable. */
public record Plan(PlanId id, String name, Settings settings) {}
