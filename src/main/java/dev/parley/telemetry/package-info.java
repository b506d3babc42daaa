/** Meter names, log keys, the error record, and the binder to Micrometer. */
@NullMarked
package dev.parley.telemetry;

import org.jspecify.annotations.NullMarked;
