package dev.parley.simulator;

import io.vertx.core.Future;

/** Where a session's frames go. Confined to the session's event loop. */
interface Line {
    /** Writes one frame; completes when the socket has taken it all. */
    Future<Void> write(int opcode, boolean last, byte[] payload, int from, int to);

    void ping();

    /** Sends a close frame, and ends the connection when the client has answered it or after five seconds. */
    void close(int code, String reason);

    /** Ends the connection without a close frame. */
    void drop();

    /** Reads no more for now. */
    void pause();

    void resume();
}
