/** Runnable benchmarks that print ratios measured in one run. */
@NullMarked
package dev.parley.bench;

import org.jspecify.annotations.NullMarked;
