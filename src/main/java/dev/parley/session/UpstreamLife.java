package dev.parley.session;

import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/** What the parts of a session that belong to one upstream ask of it. On the session's event loop. */
interface UpstreamLife extends SessionLife {
    /** Sends a client event of the broker's own. */
    void sendUpstream(Buffer event);

    /** Where to write down what another upstream would have to know; null if nobody will ask for it. */
    @Nullable
    SessionMemory memory();
}
