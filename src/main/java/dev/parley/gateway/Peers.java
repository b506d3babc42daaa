package dev.parley.gateway;

import dev.parley.auth.Caller;
import dev.parley.config.Secret;
import dev.parley.gateway.SessionOpener.Opening;
import io.vertx.core.Future;
import java.util.Optional;

/** The other nodes, for clients that come back here to a session that is there. On the event loop of the client's socket. */
public interface Peers {
    /** Opens the way to the session's node. Never fails for an expected reason. */
    Future<Opening> resume(ResumeRequest request, Caller caller);

    /** Whom another node has verified; empty if the ticket is no good for this session. */
    Optional<Caller> vouchedFor(Secret ticket, String session);
}
