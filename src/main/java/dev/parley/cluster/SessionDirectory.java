package dev.parley.cluster;

import dev.parley.cluster.PlaceStore.Known;
import dev.parley.cluster.PlaceStore.Place;
import dev.parley.concurrent.Blocking;
import dev.parley.concurrent.Rounds;
import dev.parley.domain.SessionId;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the other nodes where this one's sessions are, and finds theirs. A virtual thread writes down whatever has gathered,
 * so that a session's start waits for nothing; what cannot be written is tried again, and what finds no room can be resumed
 * on this node only. Thread-safe.
 */
public final class SessionDirectory implements AutoCloseable {
    private static final int WAITING_MAX = 10_000;
    private static final int ROUND_MAX = 500;
    private static final Duration LOOK_EVERY = Duration.ofSeconds(1);
    private static final Logger LOGGER = LoggerFactory.getLogger(SessionDirectory.class);

    private final PlaceStore writes;
    private final PlaceStore reads;
    private final Blocking blocking;
    private final BlockingQueue<Known> waiting = new ArrayBlockingQueue<>(WAITING_MAX);
    private final Rounds rounds;
    private volatile @Nullable String reachedAt;

    // of the thread
    private final List<Known> round = new ArrayList<>();

    /**
     * Starts.
     *
     * @param writes asked by one thread only
     * @param reads asked for clients that come back, by {@code blocking}
     */
    public SessionDirectory(PlaceStore writes, PlaceStore reads, Blocking blocking) {
        this.writes = writes;
        this.reads = reads;
        this.blocking = blocking;
        this.rounds = new Rounds("session-directory", LOOK_EVERY, this::write);
    }

    /** Where the other nodes reach this one's tenant plane, as {@code host:port}; before the first session. */
    public void reachedAt(String address) {
        reachedAt = address;
    }

    /** A session has got the id that its client knows. */
    public void known(SessionId session, String knownAs) {
        if (waiting.offer(new Known(session, knownAs))) {
            rounds.ring();
        }
    }

    /**
     * Completes on the caller's context; fails when the store cannot be asked now, or too many ask.
     *
     * @param subject whose it has to be; null: anybody's of the tenant
     */
    public Future<Optional<Place>> find(String id, TenantId tenant, @Nullable SubjectId subject) {
        return blocking.call(() -> reads.find(id, tenant, subject));
    }

    @Override
    public void close() {
        rounds.close();
    }

    private void write() {
        String address = reachedAt;
        while (address != null && !(round.isEmpty() && waiting.isEmpty())) {
            waiting.drainTo(round, ROUND_MAX - round.size());
            try {
                writes.write(round, address);
                round.clear();
            } catch (RuntimeException e) {
                LOGGER.atDebug().addKeyValue("cause", e.getMessage()).log("places of sessions cannot be written now");
                return;
            }
        }
    }
}
