/** Limits, budgets, reservations, and the admission decision. */
@NullMarked
package dev.parley.quota;

import org.jspecify.annotations.NullMarked;
