package dev.parley.tenancy;

/** When a budget renews; days and months are UTC. */
public enum BudgetPeriod {
    HOUR,
    DAY,
    MONTH,
    TOTAL
}
