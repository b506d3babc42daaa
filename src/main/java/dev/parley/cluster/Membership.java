package dev.parley.cluster;

import dev.parley.cluster.NodeStore.Beat;
import dev.parley.cluster.NodeStore.Description;
import dev.parley.cluster.NodeStore.Registered;
import dev.parley.concurrent.RepeatedFailure;
import dev.parley.concurrent.Rounds;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.NodeIdentity;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's place among the others: registers it, says every {@link #BEAT_EVERY} that it lives, and knows when the others
 * may think that it does not.
 *
 * <p>A heartbeat counts from the moment before it was sent. When {@link #SILENCE_OWN} has passed since the last one that
 * succeeded, the node admits nothing more; the others end a node after {@link #SILENCE_OTHERS} by the database's clock, which
 * read at least as late. So nobody hands out what this node still hands out, as long as clocks run at the same rate within
 * a third.
 *
 * <p>When its epoch was ended all the same the node is fenced: it tells its listener, which ends the sessions, and registers
 * anew, unless another process has taken its name meanwhile; then it waits until that one has gone. Thread-safe.
 */
public final class Membership implements NodeIdentity, AutoCloseable {
    static final Duration BEAT_EVERY = Duration.ofSeconds(1);
    static final Duration SILENCE_OWN = BEAT_EVERY.multipliedBy(3);
    static final Duration SILENCE_OTHERS = SILENCE_OWN.plusSeconds(2);
    private static final Logger LOGGER = LoggerFactory.getLogger(Membership.class);

    private final NodeStore store;
    private final Description node;
    private final Ticker ticker;
    private final LongConsumer fenced;
    private final RepeatedFailure trouble =
            new RepeatedFailure(LOGGER, "the heartbeat failed; tried again each second");
    private volatile Standing standing;
    private volatile boolean draining;
    private @Nullable Rounds beats;
    private boolean nameTaken;

    /**
     * @param epoch the one under which the node last registered
     * @param alive whether that epoch was not ended, as far as is known
     * @param beatNanos just before the last good heartbeat was sent
     * @param steadyNanos since when no heartbeat has been late
     * @param told the database's clock at {@code toldNanos}, when its answer had come
     */
    private record Standing(
            long epoch, boolean alive, long beatNanos, long steadyNanos, Instant told, long toldNanos) {}

    private Membership(NodeStore store, Description node, Ticker ticker, LongConsumer fenced, Standing first) {
        this.store = store;
        this.node = node;
        this.ticker = ticker;
        this.fenced = fenced;
        this.standing = first;
    }

    /**
     * Registers the node; a living epoch of the same name is ended. Blocks.
     *
     * @param fenced hears of the epoch that was ended; called on the thread of the heartbeats
     */
    public static Membership register(NodeStore store, Description node, Ticker ticker, LongConsumer fenced) {
        long sent = ticker.nanos();
        Registered registered = store.register(node, true)
                .orElseThrow(() -> new IllegalStateException("registering in place of any other always succeeds"));
        LOGGER.atInfo()
                .addKeyValue("node", node.name())
                .addKeyValue("epoch", registered.epoch())
                .log("registered");
        Instant now = registered.databaseNow();
        return new Membership(
                store, node, ticker, fenced, new Standing(registered.epoch(), true, sent, sent, now, ticker.nanos()));
    }

    /** Begins the heartbeats. */
    public synchronized void start() {
        beats = new Rounds("node-heartbeat", BEAT_EVERY, this::beat);
    }

    @Override
    public String name() {
        return node.name();
    }

    @Override
    public long epoch() {
        return standing.epoch();
    }

    @Override
    public boolean admitting() {
        Standing now = standing;
        return now.alive() && ticker.nanos() - now.beatNanos() <= SILENCE_OWN.toNanos();
    }

    @Override
    public Instant databaseNow() {
        Standing now = standing;
        return now.told().plusNanos(Math.max(0, ticker.nanos() - now.toldNanos()));
    }

    /** Why this node may not be given work now; empty if it may. */
    public Optional<String> problem() {
        Standing now = standing;
        if (!now.alive()) {
            return Optional.of("the other nodes gave this one up; it registers anew, unless its name is taken");
        }
        return admitting()
                ? Optional.empty()
                : Optional.of("no heartbeat for " + SILENCE_OWN.toSeconds() + " s: Postgres does not answer in time");
    }

    /** How old the last good heartbeat is. */
    public Duration silence() {
        return Duration.ofNanos(Math.max(0, ticker.nanos() - standing.beatNanos()));
    }

    /** How long no heartbeat has been late: whoever is silent in spite of that has not been kept silent by the database. */
    Duration steady() {
        Standing now = standing;
        return admitting() ? Duration.ofNanos(Math.max(0, ticker.nanos() - now.steadyNanos())) : Duration.ZERO;
    }

    /** Tells the others with the next heartbeat, which comes at once. */
    public synchronized void draining() {
        draining = true;
        if (beats != null) {
            beats.ring();
        }
    }

    /** Ends the epoch: what the node still holds goes back. Blocks; throws when the store cannot be asked. */
    @Override
    public void close() {
        Rounds running;
        synchronized (this) {
            running = beats;
            beats = null;
        }
        if (running != null) {
            running.close();
        }
        if (standing.alive()) {
            store.stopped(standing.epoch());
        }
    }

    /** One heartbeat. On the thread of the heartbeats. */
    void beat() {
        try {
            if (standing.alive()) {
                sayAlive();
            }
            if (!standing.alive()) {
                registerAnew();
            }
            trouble.over();
        } catch (RuntimeException e) {
            trouble.met(e);
        }
    }

    private void sayAlive() {
        Standing before = standing;
        long sent = ticker.nanos();
        Beat beat = store.beat(before.epoch(), draining);
        long answered = ticker.nanos();
        if (beat.alive()) {
            boolean late =
                    sent - before.beatNanos() > 2 * BEAT_EVERY.toNanos() || answered - sent > BEAT_EVERY.toNanos();
            long steady = late ? answered : before.steadyNanos();
            standing = new Standing(before.epoch(), true, sent, steady, beat.databaseNow(), answered);
            return;
        }
        standing = new Standing(before.epoch(), false, sent, answered, beat.databaseNow(), answered);
        LOGGER.atError()
                .addKeyValue("node", node.name())
                .addKeyValue("epoch", before.epoch())
                .log("the other nodes gave this one up; its sessions end");
        fenced.accept(before.epoch());
    }

    private void registerAnew() {
        long sent = ticker.nanos();
        Optional<Registered> registered = store.register(node, false);
        if (registered.isEmpty()) {
            if (!nameTaken) {
                nameTaken = true;
                LOGGER.atError()
                        .addKeyValue("node", node.name())
                        .log("another process uses this node's name: give each a node.name of its own");
            }
            return;
        }
        nameTaken = false;
        long answered = ticker.nanos();
        long epoch = registered.get().epoch();
        standing = new Standing(epoch, true, sent, answered, registered.get().databaseNow(), answered);
        LOGGER.atInfo()
                .addKeyValue("node", node.name())
                .addKeyValue("epoch", epoch)
                .log("registered anew");
    }
}
