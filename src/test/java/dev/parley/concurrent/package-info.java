/** Time and waiting, for everybody's tests. */
@NullMarked
package dev.parley.concurrent;

import org.jspecify.annotations.NullMarked;
