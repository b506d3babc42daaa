/** HTTP requests to addresses that tenants and operators choose. */
@NullMarked
package dev.parley.outbound;

import org.jspecify.annotations.NullMarked;
