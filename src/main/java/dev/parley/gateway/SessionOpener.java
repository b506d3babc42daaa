package dev.parley.gateway;

import dev.parley.domain.Refusal;
import dev.parley.domain.SessionId;
import dev.parley.relay.Leg;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Decides whether a handshake becomes a session. Called on the event loop of the client's socket. */
public interface SessionOpener {
    /** Never fails for an expected reason; a failure is answered with 503 and logged. */
    Future<Opening> open(Handshake handshake);

    /** The same for a client that comes back to its session. */
    Future<Opening> resume(ResumeRequest request);

    /** The decision. */
    sealed interface Opening {
        /** Go on with the upgrade. */
        record Accepted(Entrance entrance) implements Opening {}

        /** Answer with this refusal, and do not upgrade. */
        record Refused(Refusal refusal) implements Opening {}
    }

    /** A session that waits for its client. Exactly one of {@link #enter} and {@link #abandon} is called, once. */
    interface Entrance {
        SessionId session();

        /** Further headers of the answer. */
        default Map<String, String> headers() {
            return Map.of();
        }

        /** Where the leg must live; null: where the socket is. */
        default @Nullable Context home() {
            return null;
        }

        /** The upgrade is done; the leg has not been started. Called on the leg's context. */
        void enter(Leg client);

        /** The client was lost before the upgrade was done. */
        void abandon();
    }
}
