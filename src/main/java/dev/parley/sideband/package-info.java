/** Calls by WebRTC and SIP on this node: begins them, meters them on their sidebands, ends them, and takes over those of dead nodes. */
@NullMarked
package dev.parley.sideband;

import org.jspecify.annotations.NullMarked;
