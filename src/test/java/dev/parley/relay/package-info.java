/** Tests of the relay, over real sockets. */
@NullMarked
package dev.parley.relay;

import org.jspecify.annotations.NullMarked;
