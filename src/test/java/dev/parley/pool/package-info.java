@NullMarked
package dev.parley.pool;

import org.jspecify.annotations.NullMarked;
