/** Tenants, their status and limits, and the {@code TenantDirectory} port. */
@NullMarked
package dev.parley.tenancy;

import org.jspecify.annotations.NullMarked;
