package dev.parley.domain;

import java.time.Instant;

/** This process among the nodes of its database. Thread-safe; no call blocks. */
public interface NodeIdentity {
    /** The setting {@code node.name}; among the living nodes it is unique. */
    String name();

    /**
     * What everything that the node writes is marked with. It changes when the others gave the node up for dead and it
     * registered anew: whatever was held under the epoch before is gone then.
     */
    long epoch();

    /**
     * Whether anything new may be started. False while the node's own heartbeat is late, from a moment at which no other
     * node may yet have given up its permits, and while its epoch is ended.
     */
    boolean admitting();

    /** The database's clock: what it last told, and what has passed since on the monotonic clock. Never ahead of it. */
    Instant databaseNow();
}
