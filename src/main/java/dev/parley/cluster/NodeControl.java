package dev.parley.cluster;

import dev.parley.domain.SessionId;
import dev.parley.domain.TenantId;
import io.vertx.core.Future;

/** What a node does when it is told to. */
public interface NodeControl {
    /** Ends a session now; whether there was one, when its client is being told. Does not block. */
    Future<Boolean> endSession(SessionId session);

    /** Takes no new sessions from now on, and lets those that live end. Does not block; idempotent. */
    void drain();

    /** Reads a tenant's settings anew and has its sessions obey. May block; throws when they cannot be read now. */
    void refresh(TenantId tenant);
}
