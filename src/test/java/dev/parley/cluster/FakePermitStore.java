package dev.parley.cluster;

import dev.parley.domain.SessionId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;

/** Counts in memory, and can be away, stuck, fencing, or lose an answer after the work was done. Thread-safe. */
final class FakePermitStore implements PermitStore {
    private final Map<SessionId, Take> taken = new LinkedHashMap<>();
    private final Semaphore doors = new Semaphore(1);
    volatile boolean away;
    volatile boolean losesAnswers;
    volatile boolean fencing;
    private int rounds;

    @Override
    public List<Outcome> exchange(long epoch, List<Back> backs, List<Take> takes) {
        doors.acquireUninterruptibly();
        doors.release();
        return count(backs, takes);
    }

    private synchronized List<Outcome> count(List<Back> backs, List<Take> takes) {
        rounds++;
        if (away) {
            throw new IllegalStateException("the database is away");
        }
        List<Outcome> outcomes = new ArrayList<>();
        backs.forEach(back -> taken.remove(back.session()));
        for (Take take : takes) {
            outcomes.add(new Outcome(answer(take), taken.size()));
        }
        if (losesAnswers) {
            throw new IllegalStateException("the answer was lost");
        }
        return outcomes;
    }

    private Answer answer(Take take) {
        if (fencing) {
            return Answer.FENCED;
        }
        if (taken.size() >= take.tenantMax()) {
            return Answer.TENANT_FULL;
        }
        taken.put(take.session(), take);
        return Answer.TAKEN;
    }

    @Override
    public synchronized List<Back> held(long epoch, Duration age) {
        return taken.values().stream()
                .map(take -> new Back(take.session(), take.tenant()))
                .toList();
    }

    synchronized int open() {
        return taken.size();
    }

    synchronized int rounds() {
        return rounds;
    }

    synchronized void add(Take take) {
        taken.put(take.session(), take);
    }

    /** Lets no round through until {@link #thaw}. */
    void freeze() {
        doors.acquireUninterruptibly();
    }

    void thaw() {
        doors.release();
    }
}
