/** The cached directory of tenants. */
@NullMarked
package dev.parley.tenancy;

import org.jspecify.annotations.NullMarked;
