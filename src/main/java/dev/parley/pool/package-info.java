/** Keeps upstream sessions warm, and hands them out: fairly between tenants, and each to one session only. */
@NullMarked
package dev.parley.pool;

import org.jspecify.annotations.NullMarked;
