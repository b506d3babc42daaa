package dev.parley.tenancy;

/** What a budget counts. */
public enum BudgetUnit {
    /** Nano-dollars (10⁻⁹ USD). */
    MONEY,
    /** Input and output tokens together, cached ones included. */
    TOKENS
}
