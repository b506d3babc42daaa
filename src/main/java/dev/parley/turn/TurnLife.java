package dev.parley.turn;

import dev.parley.domain.Refusal;
import dev.parley.session.UsageFiler;
import org.jspecify.annotations.Nullable;

/** What the parts of a session in turn mode ask of it. On its event loop. */
interface TurnLife extends UsageFiler.Owner {
    /** False from the moment the session begins to end. */
    boolean live();

    /** Why nothing new may start, such as a drain. */
    @Nullable
    Refusal noNewWork();

    /** Sends an {@code error} event; a budget that is exhausted also ends the session, if its tenant wants that. */
    void refuse(Refusal refusal, @Nullable String clientEventId);
}
