package dev.parley.cluster;

import dev.parley.cluster.NodeStore.Dead;
import dev.parley.concurrent.RepeatedFailure;
import dev.parley.concurrent.Rounds;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends nodes that have died, so that their permits go back; every node tries, once a second, and the database lets one at a
 * time. A node reaps only when its own heartbeats have been in time for {@link Membership#SILENCE_OTHERS}: after an outage of
 * the database everybody has been silent, and gets that long to speak again. A question that an outage held up ends nobody.
 * Thread-safe.
 */
public final class Reaper implements AutoCloseable {
    private static final Duration EVERY = Duration.ofSeconds(1);
    private static final Logger LOGGER = LoggerFactory.getLogger(Reaper.class);

    private final AtomicLong reaped = new AtomicLong();
    private final Rounds rounds;
    private final RepeatedFailure trouble = new RepeatedFailure(LOGGER, "dead nodes cannot be looked for now");

    /** Starts. */
    public Reaper(Membership membership, NodeStore store) {
        this.rounds = new Rounds("node-reaper", EVERY, () -> reap(membership, store));
    }

    /** Nodes ended by this one since the start. */
    public long reaped() {
        return reaped.get();
    }

    @Override
    public void close() {
        rounds.close();
    }

    private void reap(Membership membership, NodeStore store) {
        if (membership.steady().compareTo(Membership.SILENCE_OTHERS) < 0) {
            return;
        }
        try {
            for (Dead dead : store.reap(Membership.SILENCE_OTHERS, membership.databaseNow())) {
                reaped.incrementAndGet();
                LOGGER.atWarn()
                        .addKeyValue("node", dead.name())
                        .addKeyValue("epoch", dead.epoch())
                        .addKeyValue("sessions", dead.sessions())
                        .log("a node without a heartbeat was ended, and what it held was given back");
            }
            trouble.over();
        } catch (RuntimeException e) {
            trouble.met(e);
        }
    }
}
