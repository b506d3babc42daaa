package dev.parley.turn;

import dev.parley.concurrent.Ticker;
import dev.parley.domain.Refusal;
import dev.parley.upstream.UpstreamConnector;
import dev.parley.upstream.UpstreamConnector.Outcome;
import dev.parley.upstream.UpstreamConnector.Target;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * The shared upstream sessions of one shape, and the responses that wait for a place on one. A response takes the fullest
 * session that has a place, so that the others can go; a new session is opened only for those waiting that neither a session
 * under way nor the responses that end meanwhile will make room for. On one event loop.
 */
final class ShapePool implements SharedUpstream.Keeper {
    /** After a failure. */
    private static final Duration FILL_PAUSE = Duration.ofMillis(500);

    private final Vertx vertx;
    private final UpstreamConnector connector;
    private final Shape shape;
    private final TurnLimits limits;
    private final Ticker ticker;
    private final RandomGenerator random;
    private final TenantPools tenant;
    private final Pace pace = new Pace();
    private final List<SharedUpstream> ready = new ArrayList<>();
    private final Deque<Waiter> waiting = new ArrayDeque<>();
    private boolean pausing;
    private boolean hoping;
    private int connecting;
    private int open;

    ShapePool(
            Vertx vertx,
            UpstreamConnector connector,
            Shape shape,
            TurnLimits limits,
            Ticker ticker,
            RandomGenerator random,
            TenantPools tenant) {
        this.vertx = vertx;
        this.connector = connector;
        this.shape = shape;
        this.limits = limits;
        this.ticker = ticker;
        this.random = random;
        this.tenant = tenant;
    }

    private record Waiter(ResponseOwner owner, int bytes, long since, long timer) {}

    void run(ResponseOwner owner) {
        Optional<SharedUpstream> place = place();
        if (place.isPresent()) {
            place.get().ask(owner);
        } else if (pausing && ready.isEmpty() && connecting == 0) {
            owner.unavailable(SharedUpstream.unavailable());
        } else if (tenant.joinWaiting(owner.waitingBytes())) {
            long timer = vertx.setTimer(limits.acquireTimeout().toMillis(), this::expire);
            waiting.add(new Waiter(owner, owner.waitingBytes(), ticker.nanos(), timer));
            fill();
        } else {
            owner.unavailable(TenantPools.crowded());
        }
    }

    /** Opens sessions for those who wait and for whom nothing else makes room. */
    void fill() {
        long hoped = hasWaitedInVain()
                ? 0
                : pace.placesFreed(ready.stream().mapToInt(SharedUpstream::load).sum());
        while (!pausing && unserved() > hoped && tenant.claim(this)) {
            open();
        }
        if (hoped > 0 && unserved() > 0) {
            lookAgain();
        }
    }

    /** Those that take responses or soon will. */
    int size() {
        return ready.size() + connecting;
    }

    /** Lets go of one, of those that run the least. */
    void retireOne() {
        ready.stream()
                .min(Comparator.comparingInt(SharedUpstream::load))
                .ifPresent(upstream -> upstream.retire("another shape needs its place"));
    }

    void retireAll() {
        List.copyOf(ready).forEach(upstream -> upstream.retire("stopped"));
    }

    boolean isEmpty() {
        return open == 0 && waiting.isEmpty();
    }

    @Override
    public void ready(SharedUpstream upstream, long nanos) {
        connecting--;
        pace.opened(nanos);
        ready.add(upstream);
        serve();
    }

    @Override
    public void placeFree(long nanos) {
        pace.answered(nanos);
        serve();
    }

    @Override
    public void retired(SharedUpstream upstream) {
        ready.remove(upstream);
        fill();
    }

    /** With others ready those who wait may still get a place; without, they hear it now. Either way no storm follows. */
    @Override
    public void failed(Refusal refusal) {
        connecting--;
        pausing = true;
        vertx.setTimer(FILL_PAUSE.toMillis(), _ -> {
            pausing = false;
            fill();
        });
        if (connecting == 0 && ready.isEmpty()) {
            while (!waiting.isEmpty()) {
                give(waiting.remove()).unavailable(refusal);
            }
        }
    }

    @Override
    public void ended() {
        open--;
        tenant.giveBack();
    }

    private void open() {
        connecting++;
        open++;
        long begun = ticker.nanos();
        connector.acquire(shape.tenant(), new Target(shape.model())).onComplete(outcome -> {
            if (outcome.failed()) {
                failed(SharedUpstream.unavailable());
                ended();
                return;
            }
            switch (outcome.result()) {
                case Outcome.Unavailable(Refusal refusal, String _) -> {
                    failed(refusal);
                    ended();
                }
                case Outcome.Connected(var session) ->
                    new SharedUpstream(vertx, session, shape, limits, ticker, begun, random, this).configure();
            }
        });
    }

    private boolean hasWaitedInVain() {
        Waiter first = waiting.peek();
        return first != null && ticker.nanos() - first.since() > pace.openNanos();
    }

    /** When what was hoped for should have come. */
    private void lookAgain() {
        if (!hoping) {
            hoping = true;
            vertx.setTimer(pace.openNanos() / 1_000_000 + 1, _ -> {
                hoping = false;
                fill();
            });
        }
    }

    /** Those who wait and whom the sessions under way will not take. */
    private long unserved() {
        return waiting.size() - (long) connecting * limits.responsesPerUpstreamMax();
    }

    private void serve() {
        while (!waiting.isEmpty()) {
            Optional<SharedUpstream> place = place();
            if (place.isEmpty()) {
                fill();
                return;
            }
            ResponseOwner owner = give(waiting.remove());
            if (owner.waits()) {
                place.get().ask(owner);
            }
        }
    }

    private Optional<SharedUpstream> place() {
        return ready.stream().filter(SharedUpstream::hasPlace).max(Comparator.comparingInt(SharedUpstream::load));
    }

    private ResponseOwner give(Waiter waiter) {
        vertx.cancelTimer(waiter.timer());
        tenant.leaveWaiting(waiter.bytes());
        return waiter.owner();
    }

    private void expire(long timer) {
        waiting.stream().filter(waiter -> waiter.timer() == timer).findFirst().ifPresent(waiter -> {
            waiting.remove(waiter);
            give(waiter).unavailable(connecting == 0 ? TenantPools.crowded() : SharedUpstream.unavailable());
        });
    }
}
