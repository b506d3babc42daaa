/** Administrators, their roles, sign-in and API tokens, the audit log, and the ports of what the admin plane reads. */
@NullMarked
package dev.parley.administration;

import org.jspecify.annotations.NullMarked;
