package dev.parley.simulator;

/** A session behind one socket. The first three are told on its event loop; the others are safe on any thread. */
interface OpenSession {
    void onText(String text);

    void onBinary(long bytes);

    /** The socket is gone. */
    void onClosed();

    /** Drops the connection without a close frame. */
    void drop();

    /** Closes the connection. */
    void close(int code, String reason);
}
