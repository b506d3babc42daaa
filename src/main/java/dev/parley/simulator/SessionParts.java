package dev.parley.simulator;

import dev.parley.conversation.Conversation;
import dev.parley.conversation.SessionState;

/** What the parts of one session share. Confined to its event loop. */
record SessionParts(
        Provider provider, Wire wire, Script script, SessionState state, Conversation conversation, Timers timers) {}
