/**
 * What a provider keeps of a session and says about it: effective settings, items, input buffer, and the checks of client
 * events with the provider's errors. The simulator and the turn mode answer clients with it. Confined to an event loop.
 */
@NullMarked
package dev.parley.conversation;

import org.jspecify.annotations.NullMarked;
