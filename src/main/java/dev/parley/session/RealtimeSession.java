package dev.parley.session;

import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.domain.SessionId;
import dev.parley.domain.TenantId;
import dev.parley.ledger.PriceBook.ModelKind;
import dev.parley.protocol.RejectionMapper;
import dev.parley.relay.Leg;
import dev.parley.relay.LegEnd;
import dev.parley.tenancy.Tenant;
import dev.parley.upstream.UpstreamConnector.Outcome;
import dev.parley.upstream.UpstreamConnector.Target;
import dev.parley.upstream.UpstreamConnector.UpstreamSession;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One tenant's live conversation. Owns both legs, the gates between them, its permit and everything it has reserved;
 * confined to the event loop of its client's socket.
 *
 * <pre>
 *   CONNECTING ──upstream opened──▶ RELAYING ──either side ends, or the broker ends it──▶ ENDING ──▶ ENDED
 *        └────────────upstream unavailable────────────────────────────────────────────────▲
 * </pre>
 *
 * While it ends, running responses are cancelled and their usage is awaited for a while; then the upstream is closed, what
 * is still open is estimated, and the permit goes back last.
 */
public final class RealtimeSession {
    private static final int CLOSE_GOING_AWAY = 1001;

    private final Context context;
    private final Vertx vertx;
    private final SessionServices services;
    private final SessionRegistry registry;
    private final SessionOrder order;
    private final Leg client;
    private final SessionReport report;
    private final OwnEvents toldIds = new OwnEvents();
    private final Instant startedAt;
    private final long startedNanos;
    private final List<Long> timers = new ArrayList<>();
    private final Life life = new Life();

    private volatile Phase phase = Phase.CONNECTING;
    private volatile @Nullable SessionParts parts;
    private @Nullable UpstreamSession upstream;
    /** Told to the client when nothing is on its way to it any more. */
    private @Nullable Farewell farewell;

    /** Said while there was no upstream yet. */
    private @Nullable Ending endedEarly;

    private long lengthTimer = -1;
    private boolean clientGone;
    private boolean upstreamGone;
    private boolean permitReleased;
    private boolean draining;
    private boolean lookPending;

    private enum Phase {
        CONNECTING,
        RELAYING,
        ENDING,
        ENDED
    }

    private record Farewell(Ending ending, boolean told) {}

    public RealtimeSession(
            Context context, SessionServices services, SessionRegistry registry, SessionOrder order, Leg client) {
        this.context = context;
        this.vertx = context.owner();
        this.services = services;
        this.registry = registry;
        this.order = order;
        this.client = client;
        this.report = new SessionReport(services, order);
        this.startedAt = services.ticker().now();
        this.startedNanos = services.ticker().nanos();
    }

    /** Opens the upstream and begins to relay. On the event loop of the client's socket; once. */
    public void start() {
        registry.add(this);
        services.upstream()
                .acquire(order.tenant().id(), new Target(upstreamModel()))
                .onComplete(outcome -> {
                    if (outcome.failed()) {
                        unavailable(
                                Refusal.of(
                                        Kind.UPSTREAM_UNAVAILABLE,
                                        "upstream_unavailable",
                                        "The upstream is unavailable."),
                                outcome.cause().getClass().getSimpleName());
                        return;
                    }
                    switch (outcome.result()) {
                        case Outcome.Unavailable(Refusal refusal, String code) -> unavailable(refusal, code);
                        case Outcome.Connected(UpstreamSession session) -> connected(session);
                    }
                });
    }

    public SessionId id() {
        return order.id();
    }

    /** Callable from any thread. */
    public SessionSnapshot snapshot() {
        SessionParts live = parts;
        return new SessionSnapshot(
                order.id(),
                order.tenant().id(),
                order.caller().subject(),
                order.model(),
                startedAt,
                phase.name(),
                live == null ? 0 : live.openResponses(),
                live == null ? NanoUsd.ZERO : live.filer().spent());
    }

    TenantId tenant() {
        return order.tenant().id();
    }

    /**
     * Ends the session when its running responses are done, or at the deadline. Callable from any thread.
     *
     * @param wait how long it goes on as before
     */
    void drain(Duration wait, Duration deadline) {
        context.runOnContext(_ -> {
            long rest = Math.max(1, deadline.minus(wait).toMillis());
            if (wait.toMillis() == 0) {
                leave(rest);
            } else {
                timers.add(vertx.setTimer(wait.toMillis(), _ -> leave(rest)));
            }
        });
    }

    private void leave(long restMillis) {
        draining = true;
        timers.add(vertx.setTimer(restMillis, _ -> life.end(drained())));
        life.progressed();
    }

    /** Ends the session, cancelling what runs; completes when the client is being told. Callable from any thread. */
    Future<Void> end(Refusal why) {
        Promise<Void> begun = Promise.promise();
        context.runOnContext(_ -> {
            life.end(Ending.of("broker", why).withoutAlarm());
            begun.complete();
        });
        return begun.future();
    }

    /** Looks whether the token and the tenant still stand, and what the tenant's settings are. Callable from any thread. */
    void recheck() {
        context.runOnContext(_ -> {
            services.verifier()
                    .recheck(order.caller())
                    .onSuccess(refusal -> refusal.ifPresent(why -> life.end(Ending.of("client", why))));
            services.tenants().find(order.tenant().id()).onSuccess(tenant -> tenant.ifPresent(this::hear));
        });
    }

    /** The tenant's settings as they are now; most often they are the same. */
    private void hear(Tenant tenant) {
        if (permitReleased || tenant.equals(order.tenant())) {
            return;
        }
        order.terms().hear(tenant);
        order.permit().hear(tenant);
        SessionParts live = parts;
        if (phase != Phase.RELAYING || live == null) {
            return;
        }
        limitLength();
        Optional<Refusal> barred = barred().or(live::barred);
        if (barred.isPresent()) {
            life.end(Ending.of("client", barred.get()));
        } else {
            live.hear();
        }
    }

    private Optional<Refusal> barred() {
        ModelName model = order.model();
        return model == null ? Optional.empty() : order.models().refusal(model, order.kind(), "model");
    }

    private void unavailable(Refusal refusal, String upstreamCode) {
        upstreamGone = true;
        phase = Phase.ENDING;
        report.abnormal(
                "upstream",
                refusal.code(),
                "no upstream: " + upstreamCode,
                refusal.kind().closeCode());
        client.judge(new ClosingGate(this::clientEnded));
        client.start();
        sayGoodbye(new Farewell(Ending.of("upstream", refusal), false));
    }

    private void connected(UpstreamSession session) {
        upstream = session;
        SessionParts live = new SessionParts(
                context, services, order, session, report, life, this::clientEnded, this::upstreamEnded);
        parts = live;
        phase = Phase.RELAYING;
        report.started(session.account());
        client.judge(live.clientGate());
        client.forwardTo(session.leg());
        session.leg().judge(live.upstreamGate());
        session.leg().forwardTo(client);
        client.send(session.created());
        session.early().forEach(client::send);
        watch();
        Optional<Refusal> barred = barred();
        if (barred.isPresent()) { // the settings have changed while it was connecting
            client.start();
            life.end(Ending.of("client", barred.get()));
            return;
        }
        live.begin().onComplete(begun -> {
            client.start();
            if (begun.failed()) {
                life.end(Ending.of("broker", Refusal.of(Kind.OVERLOADED, "server_error", "Please try again.")));
            } else if (begun.result().isPresent()) {
                life.end(Ending.of("client", begun.result().get()));
            }
            Ending early = endedEarly;
            if (early != null) {
                life.end(early);
            }
            life.progressed(); // it may have to leave already
        });
    }

    /** The timers of a running session: its longest life, and whether its token and tenant still stand. */
    private void watch() {
        limitLength();
        timers.add(vertx.setPeriodic(services.recheckInterval().toMillis(), _ -> recheck()));
    }

    private void limitLength() {
        if (lengthTimer >= 0) {
            vertx.cancelTimer(lengthTimer);
        }
        Duration longest = order.tenant().sessionLengthMax();
        long left = longest.minusNanos(services.ticker().nanos() - startedNanos).toMillis();
        lengthTimer = vertx.setTimer(Math.max(1, left), _ -> life.end(expired(longest)));
    }

    private static Ending expired(Duration longest) {
        String message = "Your session hit the maximum duration of " + Math.max(1, longest.toMinutes()) + " minutes.";
        return Ending.of("client", Refusal.of(Kind.BAD_REQUEST, "session_expired", message))
                .closing(CLOSE_GOING_AWAY, message)
                .withoutAlarm();
    }

    private static Ending drained() {
        return Ending.of("broker", draining()).withoutAlarm();
    }

    private static Refusal draining() {
        return Refusal.of(Kind.DRAINING, "node_draining", "This node is shutting down; connect again to reach another.")
                .retryAfter(Duration.ofSeconds(1));
    }

    private void clientEnded(LegEnd end) {
        clientGone = true;
        if (phase == Phase.RELAYING) {
            phase = Phase.ENDING;
            report.clientEnded(end);
            report.ended("client " + end.cause(), end.code());
            drainUpstream();
        }
        finish();
    }

    private void upstreamEnded(LegEnd end) {
        upstreamGone = true;
        UpstreamSession session = upstream;
        SessionParts live = parts;
        if (session == null || live == null) {
            return;
        }
        session.lease().ended(end);
        boolean relayed = phase == Phase.RELAYING;
        phase = Phase.ENDING;
        live.abandon();
        if (relayed) {
            farewell = new Farewell(UpstreamEnding.of(end), live.upstreamGate().lastWasError());
        }
        life.progressed();
    }

    /** Lets running responses end and their usage come, for a while; then closes the upstream. */
    private void drainUpstream() {
        SessionParts live = parts;
        if (live == null || upstreamGone) {
            return;
        }
        live.cancelResponses();
        timers.add(vertx.setTimer(services.config().cancelTimeout().toMillis(), _ -> closeUpstream()));
        life.progressed();
    }

    private void closeUpstream() {
        UpstreamSession session = upstream;
        if (session != null && !upstreamGone) {
            session.leg().close(1000, "");
        }
    }

    private void sayGoodbye(Farewell words) {
        farewell = null;
        Ending ending = words.ending();
        if (ending.normal()) {
            report.ended(ending.refusal().code(), ending.closeCode());
        } else if (parts != null) {
            report.abnormal(
                    ending.origin(), ending.refusal().code(), ending.refusal().message(), ending.closeCode());
        }
        if (!words.told()) {
            client.send(RejectionMapper.errorEvent(ending.refusal(), toldIds.next(), ending.clientEventId()));
        }
        client.close(ending.closeCode(), ending.closeReason());
    }

    private void look() {
        lookPending = false;
        SessionParts live = parts;
        if (live == null) {
            return;
        }
        boolean committed = live.filer().committing() == 0;
        Farewell words = farewell;
        if (phase == Phase.RELAYING) {
            if (draining && committed && live.noResponseRuns()) {
                life.end(drained());
            }
        } else if (words != null && committed) {
            sayGoodbye(words);
        } else if (live.idle()) {
            closeUpstream();
        }
        finish();
    }

    /** Gives back what is left when both sides are gone; the session counts until its last usage is committed. */
    private void finish() {
        if (!clientGone || !upstreamGone || phase == Phase.ENDED) {
            return;
        }
        if (!permitReleased) {
            permitReleased = true;
            timers.forEach(vertx::cancelTimer);
            timers.clear();
            vertx.cancelTimer(lengthTimer);
            order.permit().release();
        }
        SessionParts live = parts;
        if (live == null || live.filer().committing() == 0) {
            phase = Phase.ENDED;
            registry.remove(this);
        }
    }

    private @Nullable ModelName upstreamModel() {
        return order.kind() == ModelKind.CONVERSATION ? order.model() : null;
    }

    /** What the parts of the session see of it. */
    private final class Life implements SessionLife {
        @Override
        public boolean relaying() {
            return phase == Phase.RELAYING;
        }

        @Override
        public @Nullable Refusal noNewWork() {
            return draining ? draining() : null;
        }

        @Override
        public void refuse(Refusal refusal, @Nullable String clientEventId) {
            if (refusal.kind() == Kind.BUDGET_EXHAUSTED && order.tenant().closeOnExhausted()) {
                end(Ending.of("client", refusal).causedBy(clientEventId));
            } else if (relaying()) {
                client.send(RejectionMapper.errorEvent(refusal, toldIds.next(), clientEventId));
            }
        }

        @Override
        public void sendUpstream(Buffer event) {
            UpstreamSession session = upstream;
            if (session != null && !upstreamGone) {
                session.leg().send(event);
            }
        }

        @Override
        public void end(Ending ending) {
            Farewell waiting = farewell;
            if (phase == Phase.CONNECTING) {
                endedEarly = endedEarly == null ? ending : endedEarly;
            } else if (phase == Phase.RELAYING) {
                phase = Phase.ENDING;
                sayGoodbye(new Farewell(ending, false));
                drainUpstream();
            } else if (waiting != null) {
                sayGoodbye(waiting);
            }
        }

        /** Later, so that the event that brought the progress is on its way before anything is closed. */
        @Override
        public void progressed() {
            if (!lookPending) {
                lookPending = true;
                context.runOnContext(_ -> look());
            }
        }
    }
}
