package dev.parley.relay;

import dev.parley.concurrent.Ticker;
import java.time.Duration;

/**
 * Makes the backlogs of a node's sessions, and bounds what they keep together. A quarter of that is for sessions whose client
 * is lost: however much the others keep in case theirs is, there is room for what is really waited for. Thread-safe.
 */
public final class Backlogs {
    /** What the sessions of one node keep together, unless the memory is small: then a quarter of the heap's greatest size. */
    public static final long NODE_BYTES_MAX =
            Math.min(256L << 20, Runtime.getRuntime().maxMemory() / 4);
    /** What one session keeps. */
    public static final int SESSION_BYTES_MAX = 2 << 20;
    /** How many events one session keeps, but for what a single read brings. */
    public static final int SESSION_EVENTS_MAX = 10_000;

    private final MemoryBudget memory;
    private final long attendedBytesMax;
    private final int sessionBytesMax;
    private final Ticker ticker;

    public Backlogs() {
        this(NODE_BYTES_MAX, SESSION_BYTES_MAX, Ticker.SYSTEM);
    }

    public Backlogs(long nodeBytesMax, int sessionBytesMax, Ticker ticker) {
        this.memory = new MemoryBudget(nodeBytesMax);
        this.attendedBytesMax = nodeBytesMax / 4 * 3;
        this.sessionBytesMax = sessionBytesMax;
        this.ticker = ticker;
    }

    /** @param ageMax how long an event is kept while there is a client */
    public Backlog open(Duration ageMax) {
        return new Backlog(memory, attendedBytesMax, ticker, sessionBytesMax, ageMax);
    }

    /** What all backlogs of the node hold now. */
    public long bytes() {
        return memory.taken();
    }
}
