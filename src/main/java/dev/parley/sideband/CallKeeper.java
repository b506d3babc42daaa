package dev.parley.sideband;

import dev.parley.call.CallId;
import dev.parley.call.CallStore;
import dev.parley.call.LiveCall;
import dev.parley.concurrent.RepeatedFailure;
import dev.parley.concurrent.Rounds;
import dev.parley.domain.Refusal;
import dev.parley.session.CallLine;
import dev.parley.upstream.UpstreamCalls.Answer;
import io.vertx.core.Context;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the calls of this node and those in the store together, on a virtual thread of its own: writes down which have ended
 * or are left, again and again until it is written, and takes over those that nobody serves: of dead nodes, of nodes that
 * have drained, and those whose sideband was lost. Thread-safe.
 */
public final class CallKeeper implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(CallKeeper.class);
    private static final Duration EVERY = Duration.ofSeconds(1);
    private static final Duration STOP_MAX = Duration.ofSeconds(3);
    private static final int ROUND_MAX = 50;
    /** After so many tries to take over a call, about one a second, this node asks for its end, and again after as many. */
    static final int TRIES_MAX = 30;
    /** No provider lets a call last so long: what is known of it can be forgotten. */
    private static final Duration LONGEST = Duration.ofDays(1);

    private final CallParts parts;
    private final CallStore store;
    private final Rounds rounds;
    private final RepeatedFailure trouble = new RepeatedFailure(LOGGER, "calls cannot be looked after now");
    /** What is not written down yet: those that are over, and those that are left. */
    private final Map<CallId, Ending> endings = new ConcurrentHashMap<>();

    private final Map<CallId, Integer> tries = new ConcurrentHashMap<>();
    /** Calls that must end, and why: their provider could not be asked yet. */
    private final Map<CallId, String> doomed = new ConcurrentHashMap<>();

    private final List<Context> loops = new CopyOnWriteArrayList<>();
    private final Set<Future<Void>> hangingUp = ConcurrentHashMap.newKeySet();
    private final AtomicInteger turn = new AtomicInteger();
    private final AtomicLong takenOver = new AtomicLong();
    private volatile boolean stopping;

    /** @param left null when the call is over */
    private record Ending(long epoch, @Nullable LiveCall left) {}

    /**
     * Starts.
     *
     * @param store asked by one thread only
     */
    public CallKeeper(CallParts parts, CallStore store) {
        this.parts = parts;
        this.store = store;
        parts.vertx()
                .deployVerticle(
                        Loop::new,
                        new DeploymentOptions()
                                .setInstances(Runtime.getRuntime().availableProcessors()));
        this.rounds = new Rounds("calls", EVERY, this::round);
    }

    /** Calls that this node has taken over since its start. */
    public long takenOver() {
        return takenOver.get();
    }

    /** The call is over: its row goes. */
    void ended(CallId call) {
        tries.remove(call);
        doomed.remove(call);
        endings.put(call, new Ending(0, null));
        rounds.ring();
    }

    /** Has a call ended that no session serves: now, or as soon as its provider can be asked. Completes after the first try. */
    Future<Void> end(LiveCall call, String why) {
        long epoch = parts.node().epoch();
        return hangUp(call, why).transform(asked -> {
            if (asked.succeeded()) {
                ended(call.id());
            } else {
                left(call, epoch);
            }
            return Future.succeededFuture();
        });
    }

    /** What the session of a call tells. */
    CallLine line(LiveCall call) {
        long epoch = parts.node().epoch();
        return new CallLine() {
            @Override
            public Future<Void> hangUp(Refusal why) {
                return CallKeeper.this.hangUp(call, why.code());
            }

            @Override
            public void ended(How how) {
                if (how == How.OVER) {
                    CallKeeper.this.ended(call.id());
                } else {
                    left(call, epoch);
                }
            }
        };
    }

    private void left(LiveCall call, long epoch) {
        endings.put(call.id(), new Ending(epoch, call));
        rounds.ring();
    }

    /** Writes down what has ended, once more, and takes over no more. Blocks for a while. */
    @Override
    public void close() {
        stopping = true;
        rounds.close();
        round();
        awaitHangUps();
        round(); // those that the provider has ended meanwhile
    }

    private void awaitHangUps() {
        try {
            Future.join(List.copyOf(hangingUp)).await(STOP_MAX.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            LOGGER.atWarn().log("the provider has not answered in time whether calls are ended");
        }
    }

    /** On one thread at a time. */
    private void round() {
        try {
            endings.forEach((call, ending) -> {
                write(call, ending);
                endings.remove(call, ending);
            });
            long epoch = parts.node().epoch();
            if (!stopping && parts.node().admitting() && !parts.registry().draining() && !loops.isEmpty()) {
                for (LiveCall call : store.claim(epoch, ROUND_MAX)) {
                    Context loop = loops.get(Math.floorMod(turn.getAndIncrement(), loops.size()));
                    loop.runOnContext(_ -> takeOver(call));
                }
            }
            trouble.over();
        } catch (RuntimeException e) {
            trouble.met(e);
        }
    }

    /** A call that is left while nobody is there to take it over must not go on unmetered. */
    private void write(CallId call, Ending ending) {
        LiveCall left = ending.left();
        if (left == null) {
            store.end(call);
            return;
        }
        boolean others = store.release(call, ending.epoch());
        if (!others && (stopping || parts.registry().draining())) {
            hangUp(left, "node_draining").onSuccess(_ -> ended(call));
        }
    }

    /** Fails if the provider cannot be asked, or does not do it: the call is doomed then. */
    private Future<Void> hangUp(LiveCall call, String why) {
        LOGGER.atInfo()
                .addKeyValue("call", call.id())
                .addKeyValue("account", call.account())
                .addKeyValue("why", why)
                .log("the provider is asked to end a call");
        Future<Void> asked = parts.upstream()
                .find(call.account())
                .map(account -> parts.upstream().act(account, call.id().value(), "hangup", Buffer.buffer()))
                .orElseGet(() -> Future.failedFuture("the account is not there"))
                .compose(answer -> switch (answer) {
                    case Answer.Done _, Answer.Gone _ -> Future.<Void>succeededFuture();
                    case Answer.Refused(Refusal refusal) -> Future.failedFuture(refusal.code());
                    case Answer.Unclear(Refusal refusal) -> Future.failedFuture(refusal.code());
                });
        hangingUp.add(asked);
        return asked.onFailure(_ -> doomed.put(call.id(), why)).onComplete(_ -> hangingUp.remove(asked));
    }

    private void takeOver(LiveCall call) {
        String why = doomed.get(call.id());
        Future<Takeover.Outcome> taking = why == null
                ? new Takeover(parts, this, call).begin()
                : hangUp(call, why).map(Takeover.Outcome.OVER).otherwise(Takeover.Outcome.LATER);
        taking.onSuccess(outcome -> {
            switch (outcome) {
                case TAKEN -> {
                    takenOver.incrementAndGet();
                    tries.remove(call.id());
                }
                case OVER -> ended(call.id());
                case LATER -> later(call);
            }
        });
    }

    /** Not now: somebody else may try, or this node again, for as long as the call may last. */
    private void later(LiveCall call) {
        long epoch = parts.node().epoch();
        if (tries.merge(call.id(), 1, Integer::sum) % TRIES_MAX != 0) {
            endings.put(call.id(), new Ending(epoch, call));
            return;
        }
        LOGGER.atError()
                .addKeyValue("call", call.id())
                .addKeyValue("tenant", call.caller().tenant())
                .addKeyValue("account", call.account())
                .log("a call cannot be metered");
        boolean old = call.startedAt()
                .plus(LONGEST)
                .isBefore(parts.services().ticker().now());
        hangUp(call, "not_metered").onComplete(asked -> {
            if (asked.succeeded() || old) {
                ended(call.id());
            } else {
                endings.put(call.id(), new Ending(epoch, call));
            }
        });
    }

    /** An event loop on which calls are taken over. */
    private final class Loop extends VerticleBase {
        @Override
        public Future<?> start() {
            loops.add(context);
            return Future.succeededFuture();
        }
    }
}
