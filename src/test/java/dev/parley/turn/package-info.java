/** Tests of pool mode turn. */
@NullMarked
package dev.parley.turn;

import org.jspecify.annotations.NullMarked;
