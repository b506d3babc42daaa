package dev.parley.administration;

import dev.parley.domain.SessionId;

/** What operators ask of nodes. Blocks, and not inside of a transaction: the node waits for its end. */
public interface Orders {
    /** Ends a live session on whichever node has it; returns when its client is being told. */
    Outcome endSession(SessionId session);

    /** Has a node take no new sessions and let its own end; returns when it has begun. */
    Outcome drain(String node);

    /** How a node took it. */
    enum Outcome {
        DONE,
        /** There is no such living session or node. */
        UNKNOWN,
        /** The node has not answered yet; it does as soon as it can, unless it is dead. */
        UNANSWERED
    }
}
