package dev.parley.ledger;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;

/** A store in memory that a test can take away, hold, or teach to refuse. Thread-safe. */
final class FakeLedgerStore implements LedgerStore {
    final Map<UUID, UsageEntry> rows = new ConcurrentHashMap<>();
    private final List<Integer> groups = new ArrayList<>();
    private volatile boolean away;
    private volatile boolean commitsUnseen;
    private volatile Predicate<UsageEntry> poison = _ -> false;
    private volatile Predicate<UsageEntry> bug = _ -> false;
    private volatile CountDownLatch gate = new CountDownLatch(0);

    @Override
    public Outcome insert(List<UsageEntry> entries) {
        try {
            gate.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Outcome.Unknown("interrupted");
        }
        if (entries.stream().anyMatch(bug)) {
            throw new IllegalStateException("a bug with this entry");
        }
        if (away) {
            return new Outcome.Unknown("away");
        }
        if (entries.stream().anyMatch(poison)) {
            return new Outcome.Rejected("poison");
        }
        entries.forEach(entry -> rows.putIfAbsent(entry.id(), entry));
        if (commitsUnseen) {
            commitsUnseen = false;
            return new Outcome.Unknown("connection lost in the commit");
        }
        synchronized (groups) {
            groups.add(entries.size());
        }
        return new Outcome.Committed();
    }

    @Override
    public boolean reachable() {
        return !away;
    }

    List<Integer> groups() {
        synchronized (groups) {
            return List.copyOf(groups);
        }
    }

    void away(boolean gone) {
        away = gone;
    }

    /** The next insert commits, but its caller does not hear of it. */
    void loseNextAnswer() {
        commitsUnseen = true;
    }

    void refuse(Predicate<UsageEntry> entries) {
        poison = entries;
    }

    void breakOn(Predicate<UsageEntry> entries) {
        bug = entries;
    }

    void hold() {
        gate = new CountDownLatch(1);
    }

    void letGo() {
        gate.countDown();
    }
}
