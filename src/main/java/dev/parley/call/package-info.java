/** Calls by WebRTC and SIP: which there are, whose they are, and how the provider tells of those that ring. */
@NullMarked
package dev.parley.call;

import org.jspecify.annotations.NullMarked;
