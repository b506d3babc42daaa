package dev.parley.session;

import dev.parley.domain.Refusal;
import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/** What the parts of a session ask of it. On its event loop. */
interface SessionLife {
    /** Whether the session goes on; false from the moment it begins to end. */
    boolean relaying();

    /** Whether its client is there: without one nothing new may start. */
    boolean attended();

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
