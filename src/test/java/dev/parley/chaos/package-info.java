/** The whole broker under kill -9 and outages of Postgres, held against the simulator's books. */
@NullMarked
package dev.parley.chaos;

import org.jspecify.annotations.NullMarked;
