/** The admin plane: health, metrics, later the operators' API and the console. */
@NullMarked
package dev.parley.admin;

import org.jspecify.annotations.NullMarked;
