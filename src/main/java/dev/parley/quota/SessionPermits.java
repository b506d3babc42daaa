package dev.parley.quota;

import dev.parley.domain.SessionId;
import io.vertx.core.Future;

/**
 * Counts sessions at once, exactly, over all nodes: whoever has a permit counts until it is given back, or until its node is
 * known to be dead. Thread-safe; never blocks.
 */
public interface SessionPermits {
    /** Completes on the caller's context, within a few seconds; fails only for bugs. */
    Future<Answer> take(SessionRequest request);

    /** Idempotent; takes effect as soon as the counts can be written. */
    void giveBack(SessionId session);

    /** Whether the session may be. */
    sealed interface Answer {
        record Taken() implements Answer {}

        /** @param open sessions of the tenant, on all nodes */
        record TenantFull(int open) implements Answer {}

        /** @param limit sessions at once of the subject */
        record SubjectFull(int limit) implements Answer {}

        /** The count cannot be had now. */
        record Away() implements Answer {}
    }
}
