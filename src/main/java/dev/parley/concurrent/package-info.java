/** The bridge between event loops and virtual threads, bounded queues, a ticker for time. */
@NullMarked
package dev.parley.concurrent;

import org.jspecify.annotations.NullMarked;
