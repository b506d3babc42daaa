package dev.parley.simulator;

/** What the parts of one session share. Confined to its event loop. */
record SessionParts(
        Provider provider, Wire wire, Script script, SessionState state, Conversation conversation, Timers timers) {}
