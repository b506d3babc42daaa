/** The tenant plane: listener, handshake, admission, hand-over to a session, polite refusals. */
@NullMarked
package dev.parley.gateway;

import org.jspecify.annotations.NullMarked;
