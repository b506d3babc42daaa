package dev.parley.cluster;

import dev.parley.cluster.PermitStore.Back;
import dev.parley.cluster.PermitStore.Outcome;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.NodeIdentity;
import dev.parley.domain.SessionId;
import dev.parley.domain.TenantId;
import dev.parley.quota.SessionPermits;
import dev.parley.quota.SessionRequest;
import dev.parley.tenancy.Tenant;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's permits: a virtual thread that exchanges with the store whatever has gathered while the round before was under
 * way, up to {@link #ROUND_MAX} sessions in one transaction. Thread-safe.
 *
 * <p>A take that is not answered within {@link #PATIENCE}, or whose round fails, is refused, and its permit given back in case
 * it was taken all the same. A permit to give back is tried until it is done. Permits of an epoch that the others have ended
 * need no giving back; sessions that still run on one are ended. What the store counts and nobody here knows of is given
 * back by a sweep.
 */
public final class ClusterPermits implements SessionPermits, AutoCloseable {
    static final int ROUND_MAX = 500;
    static final int WAITING_MAX = 10_000;
    static final Duration PATIENCE = Duration.ofSeconds(3);
    static final Duration SWEEP_EVERY = Duration.ofSeconds(30);
    /** A permit is known here a moment after it is committed, so a sweep leaves out the youngest. */
    static final Duration SWEEP_AGE = Duration.ofSeconds(10);

    private static final Duration IDLE = Duration.ofSeconds(1);
    private static final Duration PAUSE_MIN = Duration.ofMillis(50);
    private static final Duration PAUSE_MAX = Duration.ofSeconds(1);
    private static final Duration STOP_MAX = Duration.ofSeconds(5);
    private static final Logger LOGGER = LoggerFactory.getLogger(ClusterPermits.class);

    private final Vertx vertx;
    private final PermitStore store;
    private final NodeIdentity node;
    private final Ticker ticker;
    private final Consumer<SessionId> lost;
    private final BlockingQueue<Job> queue = new LinkedBlockingQueue<>();
    private final Map<SessionId, Held> held = new ConcurrentHashMap<>();
    private final AtomicInteger taking = new AtomicInteger();
    private final AtomicInteger returning = new AtomicInteger();
    private final AtomicLong rounds = new AtomicLong();
    private final AtomicLong swept = new AtomicLong();
    private final Thread thread;
    private volatile boolean stopping;

    // of the thread
    private final List<PendingBack> backs = new ArrayList<>();
    private long pauseMillis = PAUSE_MIN.toMillis();
    private long lookedNanos;
    private long sweptNanos;
    private boolean failing;

    /** What waits for a round: a take, or a session to give back. */
    private sealed interface Job {
        record TakeIt(PendingTake take) implements Job {}

        record GiveBack(PendingBack back) implements Job {}
    }

    /** @param epoch under which it was taken */
    private record PendingBack(Back back, long epoch) {}

    /** @param epoch under which it was taken */
    private record Held(TenantId tenant, long epoch) {}

    /**
     * Starts the thread.
     *
     * @param lost hears of sessions whose permit is gone, again and again until each is given back
     */
    public ClusterPermits(Vertx vertx, PermitStore store, NodeIdentity node, Ticker ticker, Consumer<SessionId> lost) {
        this.vertx = vertx;
        this.store = store;
        this.node = node;
        this.ticker = ticker;
        this.lost = lost;
        this.sweptNanos = ticker.nanos();
        this.lookedNanos = sweptNanos;
        this.thread = Thread.ofVirtual().name("session-permits").start(this::run);
    }

    @Override
    public Future<Answer> take(SessionRequest request) {
        if (stopping || !node.admitting()) {
            return Future.succeededFuture(new Answer.Away());
        }
        if (taking.incrementAndGet() > WAITING_MAX) {
            taking.decrementAndGet();
            return Future.succeededFuture(new Answer.Away());
        }
        PendingTake take = new PendingTake(request, vertx.getOrCreateContext());
        long timer = vertx.setTimer(PATIENCE.toMillis(), _ -> take.answer(new Answer.Away()));
        take.future().onComplete(_ -> {
            vertx.cancelTimer(timer);
            taking.decrementAndGet();
        });
        queue.add(new Job.TakeIt(take));
        return take.future();
    }

    @Override
    public void giveBack(SessionId session) {
        Held permit = held.remove(session);
        if (permit != null) {
            giveBack(new Back(session, permit.tenant()), permit.epoch());
        }
    }

    /** Permits that sessions of this node have. */
    public int held() {
        return held.size();
    }

    /** Permits that are not yet given back in the store. */
    public int returning() {
        return returning.get();
    }

    /** Transactions since the start. */
    public long rounds() {
        return rounds.get();
    }

    /** Permits that a sweep found with nobody. */
    public long swept() {
        return swept.get();
    }

    /** Takes no more, and gives back what is waiting for it, within a few seconds. Blocks. */
    @Override
    public void close() {
        stopping = true;
        try {
            if (!thread.join(STOP_MAX)) {
                thread.interrupt();
                thread.join(IDLE);
            }
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
        }
    }

    private void giveBack(Back back, long epoch) {
        returning.incrementAndGet();
        queue.add(new Job.GiveBack(new PendingBack(back, epoch)));
    }

    private void run() {
        List<Job> jobs = new ArrayList<>();
        try {
            while (!(stopping && queue.isEmpty() && backs.isEmpty())) {
                Job first = backs.isEmpty() ? queue.poll(waitMillis(), TimeUnit.MILLISECONDS) : queue.poll();
                if (first != null) {
                    jobs.add(first);
                    queue.drainTo(jobs, ROUND_MAX - 1);
                }
                long epoch = node.epoch();
                round(jobs, epoch);
                jobs.clear();
                keepHouse(epoch);
            }
        } catch (InterruptedException e) {
            LOGGER.atWarn()
                    .addKeyValue("permits", returning.get())
                    .log("permits are left to the end of the node's epoch");
        }
    }

    private long waitMillis() {
        return stopping ? 1 : IDLE.toMillis();
    }

    private void round(List<Job> jobs, long epoch) throws InterruptedException {
        List<PendingTake> takes = new ArrayList<>();
        for (Job job : jobs) {
            switch (job) {
                case Job.TakeIt(PendingTake take) -> {
                    if (!take.answered()) {
                        takes.add(take);
                    }
                }
                case Job.GiveBack(PendingBack back) -> backs.add(back);
            }
        }
        dropBacksOfOtherEpochs(epoch);
        if (takes.isEmpty() && backs.isEmpty()) {
            return;
        }
        try {
            List<Outcome> outcomes = store.exchange(
                    epoch,
                    backs.stream().map(PendingBack::back).toList(),
                    takes.stream().map(PendingTake::take).toList());
            rounds.incrementAndGet();
            returning.addAndGet(-backs.size());
            backs.clear();
            for (int i = 0; i < takes.size(); i++) {
                decided(takes.get(i), outcomes.get(i), epoch);
            }
            succeeded();
        } catch (RuntimeException e) {
            failed(takes, epoch, e);
        }
    }

    private void decided(PendingTake take, Outcome outcome, long epoch) {
        Tenant tenant = take.request().tenant();
        switch (outcome.answer()) {
            case TAKEN -> {
                held.put(take.session(), new Held(tenant.id(), epoch));
                if (!take.answer(new Answer.Taken())) {
                    giveBack(take.session());
                }
            }
            case TENANT_FULL -> take.answer(new Answer.TenantFull(outcome.open()));
            case SUBJECT_FULL -> take.answer(new Answer.SubjectFull(Objects.requireNonNull(take.subjectMax())));
            case FENCED -> take.answer(new Answer.Away());
        }
    }

    /** Nobody knows whether the round was done, so what it wanted to take is given back with what it gave back. */
    private void failed(List<PendingTake> takes, long epoch, RuntimeException failure) throws InterruptedException {
        if (!failing) {
            failing = true;
            LOGGER.atWarn()
                    .addKeyValue("cause", failure.getMessage())
                    .log("sessions cannot be counted now; no new session starts");
        }
        for (PendingTake take : takes) {
            take.answer(new Answer.Away());
            returning.incrementAndGet();
            backs.add(new PendingBack(
                    new Back(take.session(), take.request().tenant().id()), epoch));
        }
        TimeUnit.MILLISECONDS.sleep(pauseMillis);
        pauseMillis = Math.min(2 * pauseMillis, PAUSE_MAX.toMillis());
    }

    private void succeeded() {
        pauseMillis = PAUSE_MIN.toMillis();
        if (failing) {
            failing = false;
            LOGGER.atInfo().log("sessions are counted again");
        }
    }

    /** Whoever ended the epoch gave them back. */
    private void dropBacksOfOtherEpochs(long epoch) {
        int before = backs.size();
        backs.removeIf(back -> back.epoch() != epoch);
        returning.addAndGet(backs.size() - before);
    }

    private void keepHouse(long epoch) {
        long now = ticker.nanos();
        if (now - lookedNanos >= IDLE.toNanos()) {
            lookedNanos = now;
            endSessionsOfOtherEpochs(epoch);
        }
        if (now - sweptNanos >= SWEEP_EVERY.toNanos()) {
            sweptNanos = now;
            sweep(epoch);
        }
    }

    private void endSessionsOfOtherEpochs(long epoch) {
        held.forEach((session, permit) -> {
            if (permit.epoch() != epoch) {
                lost.accept(session);
            }
        });
    }

    private void sweep(long epoch) {
        try {
            Set<SessionId> known = new HashSet<>(held.keySet());
            for (Back back : store.held(epoch, SWEEP_AGE)) {
                if (!known.contains(back.session())) {
                    swept.incrementAndGet();
                    giveBack(back, epoch);
                }
            }
        } catch (RuntimeException e) {
            LOGGER.atDebug().addKeyValue("cause", e.getMessage()).log("the sweep of permits failed");
        }
    }
}
