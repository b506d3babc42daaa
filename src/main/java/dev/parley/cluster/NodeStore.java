package dev.parley.cluster;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Where nodes are registered. Blocks: only for virtual threads. Every call throws when the store cannot be asked now. */
public interface NodeStore {
    /**
     * Begins a new epoch.
     *
     * @param replaces whether a living epoch of the same name is ended; without it, it keeps the name
     * @return empty if another process has the name
     */
    Optional<Registered> register(Description node, boolean replaces);

    /** Says that the epoch is alive. */
    Beat beat(long epoch, boolean draining);

    /**
     * Ends the nodes that have not been heard of for {@code silence}, and gives back what they held.
     *
     * @param asked when, by the database's clock: a question that was held up on its way ends nobody
     */
    List<Dead> reap(Duration silence, Instant asked);

    /** The node has stopped; gives back what it still holds. */
    void stopped(long epoch);

    /**
     * A process as the others see it.
     *
     * @param address where its admin plane listens
     */
    record Description(String name, String address, String version) {}

    /** @param databaseNow the database's clock at the registration */
    record Registered(long epoch, Instant databaseNow) {}

    /**
     * @param alive false when the epoch has been ended
     * @param databaseNow the database's clock at the heartbeat
     */
    record Beat(boolean alive, Instant databaseNow) {}

    /** @param sessions permits that were given back */
    record Dead(String name, long epoch, int sessions) {}
}
