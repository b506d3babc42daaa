package dev.parley.session;

import dev.parley.domain.Refusal;
import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/** What the parts of a session ask of it. On its event loop. */
interface SessionLife {
    /** Whether both sides are there; false from the moment the session begins to end. */
    boolean relaying();

    /** Why nothing new may start, such as a drain. */
    @Nullable
    Refusal noNewWork();

    /** Sends an {@code error} event; a budget that is exhausted also ends the session, if its tenant wants that. */
    void refuse(Refusal refusal, @Nullable String clientEventId);

    /** Sends a client event of the broker's own. */
    void sendUpstream(Buffer event);

    void end(Ending ending);

    /** A response or a transcription is settled or gone: what waits for the last one looks again. */
    void progressed();
}
