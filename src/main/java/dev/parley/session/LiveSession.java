package dev.parley.session;

import dev.parley.auth.Caller;
import dev.parley.content.SessionContent;
import dev.parley.domain.Refusal;
import dev.parley.domain.SessionId;
import dev.parley.domain.TenantId;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A session as the {@link SessionRegistry} knows it, whatever its pool mode. Every method but the last is callable from any thread. */
public interface LiveSession {
    SessionId id();

    TenantId tenant();

    SessionSnapshot snapshot();

    /** How it stands, and what has passed of late. */
    Future<SessionDetail> detail();

    /** What has been said of late; nothing, if the tenant does not allow that it is kept. */
    Future<SessionContent> content();

    /**
     * Ends the session when its running responses are done, or at the deadline.
     *
     * @param wait how long it goes on as before
     */
    void drain(Duration wait, Duration deadline);

    /** Ends the session, cancelling what runs; completes when the client is being told. */
    Future<Void> end(Refusal why);

    /** Looks whether the token and the tenant still stand, and what the tenant's settings are. */
    void recheck();

    /** The id that the client knows the session by; null while it knows none. */
    @Nullable
    String knownAs();

    /** Whether it waits for its client. */
    boolean isParked();

    /** Whether a caller may take the session over. */
    boolean mayBeResumedBy(Caller back);

    /** Whether it may do so now; counts it if so. */
    boolean admitsReturn();

    /** Where the leg of a client that comes back must live. */
    Context home();

    /**
     * A client is back: it takes the session over, also from a connection that is not known to be lost, and gets what it
     * missed. On the session's event loop.
     */
    void resume(Arrival back);
}
