/** Admission for one process. */
@NullMarked
package dev.parley.quota;

import org.jspecify.annotations.NullMarked;
