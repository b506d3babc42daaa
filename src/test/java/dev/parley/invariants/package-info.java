/** The invariants of the design, each a test that prints its number. */
@NullMarked
package dev.parley.invariants;

import org.jspecify.annotations.NullMarked;
