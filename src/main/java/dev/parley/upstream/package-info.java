/** Connects to the provider and hands out upstream sessions. */
@NullMarked
package dev.parley.upstream;

import org.jspecify.annotations.NullMarked;
