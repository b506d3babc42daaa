package dev.parley.session;

import dev.parley.domain.Refusal;
import io.vertx.core.Future;

/** The call behind a {@link CallSession}. On the session's event loop. */
public interface CallLine {
    /** Asks the provider to end the call; fails if it cannot be asked. Has a deadline of its own. */
    Future<Void> hangUp(Refusal why);

    /** The session has given everything back. Once. */
    void ended(How how);

    /** What becomes of the call. */
    enum How {
        /** It is over. */
        OVER,
        /** It goes on, and somebody has to meter it. */
        LEFT
    }
}
