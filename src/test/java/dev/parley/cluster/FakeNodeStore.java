package dev.parley.cluster;

import dev.parley.concurrent.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A registry in memory for one node, whose database can be away, slow, or of another opinion. Used on one thread. */
final class FakeNodeStore implements NodeStore {
    private final Ticker databaseClock;
    private final Runnable beforeBeat;
    private long lastEpoch;
    boolean away;
    boolean nameTaken;
    boolean ended;
    boolean draining;
    long stopped;

    /** @param beforeBeat runs in each heartbeat, such as the time that it takes */
    FakeNodeStore(Ticker databaseClock, Runnable beforeBeat) {
        this.databaseClock = databaseClock;
        this.beforeBeat = beforeBeat;
    }

    @Override
    public Optional<Registered> register(Description node, boolean replaces) {
        failIfAway();
        if (nameTaken && !replaces) {
            return Optional.empty();
        }
        ended = false;
        return Optional.of(new Registered(++lastEpoch, now()));
    }

    @Override
    public Beat beat(long epoch, boolean drains) {
        beforeBeat.run();
        failIfAway();
        draining = drains;
        return new Beat(epoch == lastEpoch && !ended, now());
    }

    @Override
    public List<Dead> reap(Duration silence, Instant asked) {
        failIfAway();
        return List.of();
    }

    @Override
    public void stopped(long epoch) {
        failIfAway();
        stopped = epoch;
    }

    private Instant now() {
        return databaseClock.now();
    }

    private void failIfAway() {
        if (away) {
            throw new IllegalStateException("the database is away");
        }
    }
}
