package dev.parley.ledger;

import dev.parley.concurrent.Ticker;
import dev.parley.domain.Refusal;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's one writer of the ledger: a virtual thread that commits whatever has gathered while the group before was
 * being committed, up to {@link #GROUP_MAX} entries. While the store is away, or the outcome of a commit is unknown, the
 * same group is tried again, with pauses up to {@link #PAUSE_MAX}. An entry that can never be written is singled out by
 * halving its group; only its own future fails, and the log keeps the entry. Thread-safe.
 *
 * <p>Memory is bounded by the places: {@code claim} takes one, the commit or {@code giveBack} frees it.
 */
public final class LedgerWriter implements Ledger, AutoCloseable {
    static final int GROUP_MAX = 500;
    static final Duration PAUSE_MIN = Duration.ofMillis(50);
    static final Duration PAUSE_MAX = Duration.ofSeconds(1);
    /** A commit that takes longer counts as an ill store. */
    static final Duration SLOW = Duration.ofSeconds(2);
    /** How often an idle writer asks whether the store answers. */
    static final Duration PROBE_INTERVAL = Duration.ofSeconds(1);

    private static final Duration FULL_RETRY_AFTER = Duration.ofSeconds(5);
    private static final long NOT_BUSY = Long.MIN_VALUE;
    private static final Logger LOGGER = LoggerFactory.getLogger(LedgerWriter.class);

    private final Vertx vertx;
    private final LedgerStore store;
    private final int placesMax;
    private final Ticker ticker;
    private final BlockingQueue<Waiting> queue = new LinkedBlockingQueue<>();
    private final AtomicInteger placesTaken = new AtomicInteger();
    private final Set<OnePlace> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger unwritten = new AtomicInteger();
    private final AtomicLong groups = new AtomicLong();
    private final AtomicLong rows = new AtomicLong();
    private final AtomicLong failures = new AtomicLong();
    private final AtomicLong rejected = new AtomicLong();
    private final AtomicLong busySince = new AtomicLong(NOT_BUSY);
    private final Thread thread;
    private volatile boolean failing;
    private volatile boolean stopping;
    private volatile boolean aborted;
    private volatile @Nullable Waiting oldestInGroup;

    /** Starts the writer's thread. */
    public LedgerWriter(Vertx vertx, LedgerStore store, int placesMax, Ticker ticker) {
        this.vertx = vertx;
        this.store = store;
        this.placesMax = placesMax;
        this.ticker = ticker;
        this.thread = Thread.ofVirtual().name("ledger-writer").start(this::run);
    }

    @Override
    public Optional<Place> claim() {
        if (stopping) {
            return Optional.empty();
        }
        int taken = placesTaken.get();
        while (taken < placesMax) {
            if (placesTaken.compareAndSet(taken, taken + 1)) {
                OnePlace place = new OnePlace(ticker.nanos());
                open.add(place);
                return Optional.of(place);
            }
            taken = placesTaken.get();
        }
        return Optional.empty();
    }

    @Override
    public Refusal full() {
        return Refusal.of(
                        Refusal.Kind.OVERLOADED,
                        "ledger_full",
                        "this node already has " + placesMax
                                + " responses running or waiting to be recorded; try again later")
                .retryAfter(FULL_RETRY_AFTER);
    }

    @Override
    public boolean healthy() {
        long since = busySince.get();
        return !failing && (since == NOT_BUSY || ticker.nanos() - since < SLOW.toNanos());
    }

    /** Places claimed and not yet free again. */
    public int placesTaken() {
        return placesTaken.get();
    }

    /** Entries handed over and not yet committed. */
    public int waiting() {
        return unwritten.get();
    }

    /** How long the oldest entry has been waiting; 0 if none is. */
    public long oldestWaitMillis() {
        Waiting oldest = oldestInGroup;
        if (oldest == null) {
            oldest = queue.peek();
        }
        return oldest == null ? 0 : Math.max(0, (ticker.nanos() - oldest.sinceNanos()) / 1_000_000);
    }

    /**
     * The moment, by the ticker, from which on all open work was claimed: what is written from now on was reserved after it.
     * Looks at every open place.
     */
    public long claimedSinceNanos() {
        long oldest = ticker.nanos();
        for (OnePlace place : open) {
            oldest = Math.min(oldest, place.sinceNanos);
        }
        return oldest;
    }

    /** Groups committed since the start. */
    public long groups() {
        return groups.get();
    }

    /** Entries committed since the start. */
    public long rows() {
        return rows.get();
    }

    /** Tries that were not known to commit, since the start. */
    public long failures() {
        return failures.get();
    }

    /** Entries that could never be written, since the start. */
    public long rejected() {
        return rejected.get();
    }

    /**
     * Writes what is waiting and stops; for the end of the node, when nothing claims any more. Blocks.
     *
     * @return how many entries were not written within the deadline; each is in the log
     */
    public int drain(Duration deadline) {
        stopping = true;
        try {
            if (!thread.join(deadline)) {
                aborted = true;
                thread.interrupt();
                thread.join(Duration.ofSeconds(1));
            }
        } catch (InterruptedException e) {
            aborted = true;
            thread.interrupt();
            Thread.currentThread().interrupt();
        }
        return unwritten.get();
    }

    /** Stops without waiting for the store. */
    @Override
    public void close() {
        drain(Duration.ZERO.plusMillis(100));
    }

    private void run() {
        List<Waiting> group = new ArrayList<>();
        while (!aborted && !(stopping && queue.isEmpty())) {
            try {
                Waiting first = queue.poll(stopping ? 1 : PROBE_INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
                if (first == null) {
                    probe();
                    continue;
                }
                group.add(first);
                queue.drainTo(group, GROUP_MAX - 1);
                oldestInGroup = first;
                write(group);
            } catch (InterruptedException e) {
                break;
            }
            oldestInGroup = null;
            group.clear();
        }
        group.forEach(this::lost);
        for (Waiting rest = queue.poll(); rest != null; rest = queue.poll()) {
            lost(rest);
        }
    }

    private void write(List<Waiting> group) throws InterruptedException {
        long pauseMillis = PAUSE_MIN.toMillis();
        while (true) {
            switch (insert(group)) {
                case LedgerStore.Outcome.Committed _ -> {
                    recovered();
                    committed(group);
                    return;
                }
                case LedgerStore.Outcome.Rejected(String why) -> {
                    recovered();
                    if (group.size() == 1) {
                        reject(group.getFirst(), why);
                    } else {
                        int half = group.size() / 2;
                        write(group.subList(0, half));
                        write(group.subList(half, group.size()));
                    }
                    return;
                }
                case LedgerStore.Outcome.Unknown(String why) -> {
                    failed(group.size(), why);
                    if (aborted) {
                        throw new InterruptedException();
                    }
                    TimeUnit.MILLISECONDS.sleep(pauseMillis);
                    pauseMillis = Math.min(pauseMillis * 2, PAUSE_MAX.toMillis());
                }
            }
        }
    }

    private LedgerStore.Outcome insert(List<Waiting> group) {
        busySince.set(ticker.nanos());
        try {
            return store.insert(group.stream().map(Waiting::entry).toList());
        } catch (RuntimeException e) {
            // A bug with some entry must not stop the others: singled out like one that the store rejects.
            if (group.size() == 1) {
                LOGGER.atError().setCause(e).log("writing a usage entry failed in an unforeseen way");
            }
            return new LedgerStore.Outcome.Rejected(e.toString());
        } finally {
            busySince.set(NOT_BUSY);
        }
    }

    private void probe() {
        boolean reachable = store.reachable();
        if (reachable) {
            recovered();
        } else {
            failed(0, "the store does not answer");
        }
    }

    private void recovered() {
        if (failing) {
            failing = false;
            LOGGER.atInfo().addKeyValue("waiting", waiting()).log("the ledger is written again");
        }
    }

    private void failed(int entries, String why) {
        failures.incrementAndGet();
        if (!failing) {
            failing = true;
            LOGGER.atWarn()
                    .addKeyValue("entries", entries)
                    .addKeyValue("cause", why)
                    .log("the ledger cannot be written now; usage waits and no new session starts");
        }
    }

    private void committed(List<Waiting> group) {
        groups.incrementAndGet();
        rows.addAndGet(group.size());
        IdentityHashMap<Context, List<Promise<Void>>> byContext = new IdentityHashMap<>();
        for (Waiting waiting : group) {
            byContext.computeIfAbsent(waiting.context(), _ -> new ArrayList<>()).add(waiting.promise());
        }
        ended(group);
        byContext.forEach((context, promises) -> onContext(context, () -> promises.forEach(Promise::complete)));
    }

    private void reject(Waiting waiting, String why) {
        rejected.incrementAndGet();
        LOGGER.atError()
                .addKeyValue("entry", waiting.entry())
                .addKeyValue("cause", why)
                .log("a usage entry can never be written: book it by hand");
        ended(List.of(waiting));
        onContext(waiting.context(), () -> waiting.promise().fail(new LedgerException("usage entry rejected: " + why)));
    }

    private void lost(Waiting waiting) {
        LOGGER.atError().addKeyValue("entry", waiting.entry()).log("node stops with a usage entry not written");
        onContext(waiting.context(), () -> waiting.promise().tryFail(new LedgerException("the node stops")));
    }

    private void ended(List<Waiting> group) {
        group.forEach(waiting -> open.remove(waiting.place()));
        unwritten.addAndGet(-group.size());
        placesTaken.addAndGet(-group.size());
    }

    private static void onContext(Context context, Runnable action) {
        try {
            context.runOnContext(_ -> action.run());
        } catch (RejectedExecutionException e) {
            LOGGER.atDebug().log("an event loop was gone before its commits were told");
        }
    }

    private record Waiting(UsageEntry entry, Promise<Void> promise, Context context, long sinceNanos, OnePlace place) {}

    /** One claimed place. */
    private final class OnePlace implements Place {
        private final AtomicBoolean ended = new AtomicBoolean();
        private final long sinceNanos;

        OnePlace(long sinceNanos) {
            this.sinceNanos = sinceNanos;
        }

        @Override
        public Future<Void> commit(UsageEntry entry) {
            if (!ended.compareAndSet(false, true)) {
                return Future.failedFuture(new LedgerException("this place was used already"));
            }
            Promise<Void> promise = Promise.promise();
            unwritten.incrementAndGet();
            queue.add(new Waiting(entry, promise, vertx.getOrCreateContext(), ticker.nanos(), this));
            return promise.future();
        }

        @Override
        public void giveBack() {
            if (ended.compareAndSet(false, true)) {
                open.remove(this);
                placesTaken.decrementAndGet();
            }
        }
    }
}
