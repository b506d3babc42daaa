/** Records for every setting, the loader, and one error that lists all mistakes. Builds nothing. */
@NullMarked
package dev.parley.config;

import org.jspecify.annotations.NullMarked;
