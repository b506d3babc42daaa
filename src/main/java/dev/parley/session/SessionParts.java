package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.domain.Refusal;
import dev.parley.protocol.EventType;
import dev.parley.relay.Delivery;
import dev.parley.relay.Gate;
import dev.parley.relay.LegEnd;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.Optional;

/** What a session consists of once it has an upstream; what that is depends on the kind of the session. One event loop. */
interface SessionParts {
    /** Judges what the client sends. */
    Gate clientGate();

    /** Judges what the upstream sends. */
    Gate upstreamGate();

    /** What the client still has to hear when the upstream has ended like this. */
    Farewell farewell(LegEnd end);

    /** Decides on an event of the broker's own as if the client had sent it, after all before it. */
    Future<Delivery> judge(EventType type, Buffer event);

    UsageFiler filer();

    /** The session as this upstream began it. */
    JsonNode created();

    OwnEvents ids();

    /** How dense audio is now: what the client sends, or what it gets. */
    int bytesPerMilli(boolean fromClient);

    /** Whether the upstream has answered every update. */
    boolean updatesIdle();

    /** Whether nothing is under way in either direction, nobody speaks and nothing waits to be written down. */
    boolean betweenTurns();

    /** What the loss of the upstream cuts off. */
    Interrupted interrupted();

    int openResponses();

    /** Gets what the session needs before its client may speak; why it cannot be had, or empty. */
    Future<Optional<Refusal>> begin();

    /** Why the session cannot go on, now that the tenant's settings have changed. */
    Optional<Refusal> barred();

    /** The tenant's settings have changed. */
    void hear();

    /** In a call, so much time has passed in which the caller may have spoken. Why it may not go on, or empty. */
    default Future<Optional<Refusal>> listened(long millis) {
        return Future.succeededFuture(Optional.empty());
    }

    /** The client is back. */
    void attended();

    /** Whether no usage is awaited any more. */
    boolean idle();

    boolean noResponseRuns();

    void cancelResponses();

    /** The upstream is gone: what it left open is estimated, filed and given back. */
    void abandon();
}
