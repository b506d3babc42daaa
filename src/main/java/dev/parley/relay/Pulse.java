package dev.parley.relay;

/** A leg's signs of life. Used on its event loop. */
public interface Pulse {
    /** Nanoseconds since the last byte from the other side, or since the leg was made; a tick of the leg's clock coarse. */
    long silentNanos();

    /** Sends a ping now; {@code answered} runs at the next sign of life, in a task of its own. One question at a time. */
    void ask(Runnable answered);
}
