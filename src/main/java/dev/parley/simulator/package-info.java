/** The provider's stand-in: speaks the GA Realtime protocol, scriptable, and keeps its own books. Shares no code with the broker. */
@NullMarked
package dev.parley.simulator;

import org.jspecify.annotations.NullMarked;
