package dev.parley.quota;

import dev.parley.domain.Refusal;
import io.vertx.core.Future;

/** Decides who may start a session. Thread-safe; may ask the database; completes on the caller's context. */
public interface Admission {
    Future<SessionDecision> openSession(SessionRequest request);

    /** Whether the session may start. */
    sealed interface SessionDecision {
        record Admitted(SessionPermit permit) implements SessionDecision {}

        record Refused(Refusal refusal) implements SessionDecision {}
    }
}
