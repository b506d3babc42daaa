/** The admin plane: health, metrics, the admin API, the console's files. */
@NullMarked
package dev.parley.admin;

import org.jspecify.annotations.NullMarked;
