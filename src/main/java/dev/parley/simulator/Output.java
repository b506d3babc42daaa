package dev.parley.simulator;

import dev.parley.conversation.Item;

/** One output item of a response while it is generated, and its events. Confined to the session's event loop. */
sealed interface Output permits MessageOutput, CallOutput {
    /** How a step ended. */
    enum Progress {
        DELTA,
        COMPLETE,
        /** The maximum of output tokens is reached. */
        FULL
    }

    /** The events that open the item. */
    void begin();

    /** Sends the next delta, if there is one. */
    Progress next();

    /** How long the last delta would take to speak. */
    int spokenMillis();

    /** The events that end the item, as {@code completed} or {@code incomplete}. */
    void end(String status);

    Item item();
}
