/** WebSocket legs on the bytes of the two Netty pipelines. The only package that may name Netty or Vert.x internals. */
@NullMarked
package dev.parley.relay;

import org.jspecify.annotations.NullMarked;
