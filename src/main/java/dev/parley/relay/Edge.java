package dev.parley.relay;

/** Where the bytes handed to a writer end, and so what may follow them. */
enum Edge {
    /** At the end of a message: anything may follow. */
    MESSAGE,
    /** At the end of a frame inside a message: only control frames may come between. */
    FRAME,
    /** Inside a frame: nothing may come between. */
    INSIDE
}
