/** The commands of the one jar. */
@NullMarked
package dev.parley.cli;

import org.jspecify.annotations.NullMarked;
