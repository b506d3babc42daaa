package dev.parley.quota;

import io.vertx.core.Promise;

/** The one attempt under way to open the account of a window. */
record BudgetOpening(BudgetWindow window, Promise<BudgetAccount> promise) {}
