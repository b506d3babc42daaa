/** Tests of requests to addresses that others chose. */
@NullMarked
package dev.parley.outbound;

import org.jspecify.annotations.NullMarked;
