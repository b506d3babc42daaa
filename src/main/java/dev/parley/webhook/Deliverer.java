package dev.parley.webhook;

import dev.parley.concurrent.RepeatedFailure;
import dev.parley.concurrent.Rounds;
import dev.parley.concurrent.Ticker;
import dev.parley.webhook.DeliveryStore.Due;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delivers what is due, at most {@value #AT_ONCE_MAX} at once, together with all other nodes: each delivery at least once.
 * Owns a virtual thread that alone asks the store; requests are made on event loops. A delivery whose outcome cannot be
 * written in time, or whose node is killed, is made again when its lease has run out.
 */
public final class Deliverer implements AutoCloseable {
    static final int AT_ONCE_MAX = 32;
    /** Longer than a try takes, with its way to the database. */
    static final Duration LEASE = Sender.TIMEOUT.multipliedBy(3);

    private static final Duration INTERVAL = Duration.ofSeconds(1);
    private static final Duration STOP_MAX = Duration.ofSeconds(3);
    private static final Logger LOGGER = LoggerFactory.getLogger(Deliverer.class);

    private final DeliveryStore store;
    private final Sender sender;
    private final Ticker ticker;
    private final RandomGenerator random;
    private final Semaphore places = new Semaphore(AT_ONCE_MAX);
    private final Queue<Done> done = new ConcurrentLinkedQueue<>(); // no more than there are places
    private volatile @Nullable Rounds rounds;
    private volatile boolean stopping;
    private final LongAdder delivered = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final LongAdder givenUp = new LongAdder();
    private final RepeatedFailure trouble = new RepeatedFailure(LOGGER, "webhooks cannot be served now");
    private volatile long waiting;

    public Deliverer(DeliveryStore store, Sender sender, Ticker ticker, RandomGenerator random) {
        this.store = store;
        this.sender = sender;
        this.ticker = ticker;
        this.random = random;
    }

    /** Begins to deliver. */
    public void start() {
        rounds = new Rounds("webhooks", INTERVAL, this::round);
    }

    /** Deliveries that this node has made. */
    public long delivered() {
        return delivered.sum();
    }

    /** Tries of this node that failed. */
    public long failed() {
        return failed.sum();
    }

    /** Deliveries that this node has given up. */
    public long givenUp() {
        return givenUp.sum();
    }

    /** Deliveries neither made nor given up, of all nodes, at the last look. */
    public long waiting() {
        return waiting;
    }

    /** Takes no more, and leaves those under way some time to end; what does not is made again by another node. */
    @Override
    public void close() {
        stopping = true;
        Rounds running = rounds;
        if (running == null) {
            return;
        }
        try {
            if (!places.tryAcquire(AT_ONCE_MAX, STOP_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
                LOGGER.atInfo().log("deliveries to webhooks are left to other nodes or the next start");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        running.close();
    }

    /** On one thread at a time. */
    void round() {
        try {
            finishAll();
            takeMore();
            waiting = store.waiting();
            trouble.over();
        } catch (RuntimeException e) {
            trouble.met(e);
        }
    }

    private void finishAll() {
        Done next = done.peek();
        while (next != null) {
            try {
                finish(next);
            } catch (RuntimeException e) {
                if (ticker.nanos() - next.nanos() < LEASE.toNanos()) {
                    throw e;
                }
                LOGGER.atWarn()
                        .addKeyValue("webhook", next.due().webhook())
                        .addKeyValue("cause", e.getMessage())
                        .log("the outcome of a delivery could not be written; it is made again");
            }
            done.remove();
            places.release();
            next = done.peek();
        }
    }

    private void finish(Done one) {
        Due due = one.due();
        Answer answer = one.answer();
        Optional<Duration> retry = answer.isSuccess() ? Optional.empty() : Backoff.after(due.attempt(), random);
        store.finish(due, answer, retry.orElse(null));
        if (answer.isSuccess()) {
            delivered.increment();
            return;
        }
        failed.increment();
        if (retry.isEmpty()) {
            givenUp.increment();
            LOGGER.atWarn()
                    .addKeyValue("webhook", due.webhook())
                    .addKeyValue("event", due.message().id())
                    .addKeyValue("error", answer.error())
                    .log("a delivery was given up");
        }
    }

    private void takeMore() {
        int free = places.availablePermits();
        List<Due> taken = stopping || free == 0 ? List.of() : store.take(free, LEASE);
        for (Due due : taken) {
            places.acquireUninterruptibly();
            begin(due);
        }
    }

    private void begin(Due due) {
        if (due.secret() == null) {
            end(due, Answer.none("the webhook's secret cannot be decrypted"));
        } else {
            sender.send(due.url(), due.secret(), due.message()).onSuccess(answer -> end(due, answer));
        }
    }

    private void end(Due due, Answer answer) {
        done.add(new Done(due, answer, ticker.nanos()));
        Rounds running = rounds;
        if (running != null) {
            running.ring();
        }
    }

    /** @param nanos when it ended, on the monotonic clock */
    private record Done(Due due, Answer answer, long nanos) {
        private Done {
            Objects.requireNonNull(answer, "answer");
        }
    }
}
