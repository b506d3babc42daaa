/** Postgres behind the ports: the only place with {@code java.sql} and Hikari. */
@NullMarked
package dev.parley.store;

import org.jspecify.annotations.NullMarked;
