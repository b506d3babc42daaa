/** Tests of Postgres behind the ports, and {@link dev.parley.store.TestDatabase} for everybody. */
@NullMarked
package dev.parley.store;

import org.jspecify.annotations.NullMarked;
