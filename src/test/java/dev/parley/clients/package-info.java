/** The clients that tenants use, unmodified, through a whole broker. */
@NullMarked
package dev.parley.clients;

import org.jspecify.annotations.NullMarked;
