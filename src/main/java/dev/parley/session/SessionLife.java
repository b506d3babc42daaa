package dev.parley.session;

import dev.parley.domain.Refusal;
import org.jspecify.annotations.Nullable;

/** What the parts of a session ask of it. On its event loop. */
interface SessionLife extends UsageFiler.Owner {
    /** Whether the session goes on; false from the moment it begins to end. */
    boolean relaying();

    /** Whether its client is there: without one nothing new may start. */
    boolean attended();

    /** Why nothing new may start, such as a drain. */
    @Nullable
    Refusal noNewWork();

    /** Whether it would go on with another upstream if this one came to its end. */
    boolean outlivesUpstream();

    /** Sends an {@code error} event; a budget that is exhausted also ends the session, if its tenant wants that. */
    void refuse(Refusal refusal, @Nullable String clientEventId);
}
