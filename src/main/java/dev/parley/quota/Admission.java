package dev.parley.quota;

import dev.parley.domain.Refusal;
import dev.parley.domain.SessionId;
import dev.parley.domain.SubjectId;
import dev.parley.tenancy.Tenant;
import io.vertx.core.Future;

/** Decides who may start a session. Thread-safe; may ask the database; completes on the caller's context. */
public interface Admission {
    Future<SessionDecision> openSession(Tenant tenant, SubjectId subject, SessionId session);

    /** Whether the session may start. */
    sealed interface SessionDecision {
        record Admitted(SessionPermit permit) implements SessionDecision {}

        record Refused(Refusal refusal) implements SessionDecision {}
    }
}
