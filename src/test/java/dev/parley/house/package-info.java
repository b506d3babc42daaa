/** Tests of the house itself: package order, formatting, banned words. */
@NullMarked
package dev.parley.house;

import org.jspecify.annotations.NullMarked;
