/** The composition root: the one place where parts meet, start and drain order. */
@NullMarked
package dev.parley.server;

import org.jspecify.annotations.NullMarked;
