package dev.parley.session;

import dev.parley.auth.Caller;
import dev.parley.content.SessionContent;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.domain.SessionId;
import dev.parley.domain.TenantId;
import dev.parley.protocol.RejectionMapper;
import dev.parley.protocol.SessionView;
import dev.parley.relay.Leg;
import dev.parley.relay.LegEnd;
import dev.parley.tenancy.Tenant;
import dev.parley.upstream.UpstreamConnector.Outcome;
import dev.parley.upstream.UpstreamConnector.UpstreamSession;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One tenant's live conversation. Owns both legs, the gates between them, its permit and everything it has reserved;
 * confined to the event loop of its client's socket.
 *
 * <pre>
 *   CONNECTING ──upstream opened──▶ RELAYING ──either side ends, or the broker ends it──▶ ENDING ──▶ ENDED
 *        │                           │    ▲                                                ▲
 *        │                client lost│    │client back                                     │
 *        │                           ▼    │                                                │
 *        │                           PARKED ──window over, upstream or broker end it───────┤
 *        └───────────upstream unavailable──────────────────────────────────────────────────┘
 * </pre>
 *
 * A session whose client is lost is parked for its tenant's window: what runs goes on, and what the client would be sent is
 * kept for it; nothing new starts on its behalf. A client that comes back takes the session over, also from a connection that
 * is not known to be lost.
 *
 * While it ends, running responses are cancelled and their usage is awaited for a while; then the upstream is closed, what
 * is still open is estimated, and the permit goes back last.
 */
public final class RealtimeSession implements LiveSession {
    private final Context context;
    private final SessionServices services;
    private final SessionRegistry registry;
    private final SessionOrder order;
    private final ClientSide client;
    private final SessionReport report;
    private final Parking parking;
    private final OwnEvents toldIds = new OwnEvents();
    private final Lifetime lifetime;
    private final Life life = new Life();
    private final Recording recording;

    private volatile Phase phase = Phase.CONNECTING;
    private final UpstreamSide upstream;
    /** Whether its limits stand and its client is read. */
    private volatile boolean begun;

    /** Told to the client when nothing is on its way to it any more. */
    private @Nullable Farewell farewell;

    /** Said while there was no upstream yet. */
    private @Nullable Ending endedEarly;

    public RealtimeSession(
            Context context, SessionServices services, SessionRegistry registry, SessionOrder order, Leg client) {
        this.context = context;
        this.services = services;
        this.registry = registry;
        this.order = order;
        this.client = new ClientSide(client, order.dialect());
        this.report = new SessionReport(services, order);
        this.parking = new Parking(context.owner(), this.client, report, toldIds);
        this.lifetime = new Lifetime(context, services, order, life::end, this::hear, this::look);
        this.recording = new Recording(order, registry, services.ticker(), this::bytesPerMilli);
        this.upstream = new UpstreamSide(
                context,
                services,
                order,
                report,
                life,
                toldIds,
                this.client,
                this::clientEnded,
                recording,
                new Upstreams(),
                null);
    }

    /** Opens the upstream and begins to relay. On the event loop of the client's socket; once. */
    public void start() {
        registry.add(this);
        services.upstream()
                .acquire(order.tenant().id(), order.target())
                .otherwise(failure -> new Outcome.Unavailable(
                        Refusal.of(Kind.UPSTREAM_UNAVAILABLE, "upstream_unavailable", "The upstream is unavailable."),
                        failure.getClass().getSimpleName()))
                .onSuccess(outcome -> {
                    switch (outcome) {
                        case Outcome.Unavailable(Refusal refusal, String code) -> unavailable(refusal, code);
                        case Outcome.Connected(UpstreamSession session) -> connected(session);
                    }
                });
    }

    @Override
    public SessionId id() {
        return order.id();
    }

    @Override
    public SessionSnapshot snapshot() {
        SessionParts live = upstream.parts();
        return lifetime.snapshot(phase, live == null ? 0 : live.openResponses(), upstream.spent());
    }

    @Override
    public @Nullable String knownAs() {
        return upstream.knownAs();
    }

    @Override
    public boolean isParked() {
        return phase == Phase.PARKED;
    }

    @Override
    public Future<SessionDetail> detail() {
        return recording.detail(context, lifetime.startedAt(), upstream.session());
    }

    @Override
    public Future<SessionContent> content() {
        return recording.content(context);
    }

    @Override
    public TenantId tenant() {
        return order.tenant().id();
    }

    @Override
    public void drain(Duration wait, Duration deadline) {
        lifetime.drain(wait, deadline);
    }

    @Override
    public Future<Void> end(Refusal why) {
        return lifetime.end(why);
    }

    @Override
    public void recheck() {
        lifetime.recheck();
    }

    /** The tenant's settings as they are now; most often they are the same. */
    private void hear(Tenant tenant) {
        recording.hear(tenant);
        if (lifetime.isReleased() || tenant.equals(order.tenant())) {
            return;
        }
        order.terms().hear(tenant);
        order.permit().hear(tenant);
        SessionParts live = upstream.parts();
        if (!life.relaying() || live == null) {
            return;
        }
        lifetime.limitLength();
        Optional<Refusal> barred = barred().or(live::barred);
        if (barred.isPresent()) {
            life.end(Ending.of("client", barred.get()));
        } else {
            live.hear();
        }
    }

    private int bytesPerMilli(boolean fromClient) {
        SessionParts live = upstream.parts();
        return live == null ? SessionView.PCM_BYTES_PER_MILLI : live.bytesPerMilli(fromClient);
    }

    private Optional<Refusal> barred() {
        ModelName model = order.model();
        return model == null ? Optional.empty() : order.models().refusal(model, order.kind(), "model");
    }

    private void unavailable(Refusal refusal, String upstreamCode) {
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
        SessionParts live = upstream.begin(session);
        phase = Phase.RELAYING;
        report.started(session.account());
        Duration window = order.tenant().resumeWindow();
        if (!window.isZero() && client.isOpen()) {
            client.keep(services.backlogs().open(window), session.leg());
            registry.known(this);
        }
        client.send(session.created());
        session.early().forEach(client::send);
        watch();
        Optional<Refusal> barred = barred();
        if (barred.isPresent()) { // the settings have changed while it was connecting
            client.start();
            life.end(Ending.of("client", barred.get()));
            return;
        }
        live.begin().onComplete(limited -> {
            begun = true;
            client.start();
            if (limited.failed()) {
                life.end(Ending.of("broker", Refusal.of(Kind.OVERLOADED, "server_error", "Please try again.")));
            } else if (limited.result().isPresent()) {
                life.end(Ending.of("client", limited.result().get()));
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
        lifetime.limitLength();
        upstream.watch();
        lifetime.watch(client::expire);
    }

    private void clientEnded(LegEnd end) {
        if (phase == Phase.RELAYING && client.isKept() && ClientSide.mayReturn(end)) {
            park(end);
        } else if (phase == Phase.RELAYING) {
            leftBy(end);
        }
        finish();
    }

    private void leftBy(LegEnd end) {
        phase = Phase.ENDING;
        upstream.stop();
        report.clientEnded(end);
        report.ended("client " + end.cause(), end.code());
        drainUpstream();
    }

    private void park(LegEnd end) {
        Duration window = order.tenant().resumeWindow();
        if (window.isZero()) {
            leftBy(end);
            return;
        }
        phase = Phase.PARKED;
        parking.begin(end, window, upstream.leg(), () -> {
            leftBy(end);
            finish();
        });
    }

    @Override
    public boolean mayBeResumedBy(Caller back) {
        return begun && life.relaying() && order.isFor(back);
    }

    @Override
    public boolean admitsReturn() {
        return lifetime.admitsReturn();
    }

    @Override
    public Context home() {
        return context;
    }

    @Override
    public void resume(Arrival back) {
        if (!life.relaying() || !client.isKept()) {
            parking.turnAway(back);
            return;
        }
        if (phase == Phase.RELAYING) {
            client.dismiss(upstream.leg());
            park(Parking.TAKEN_OVER);
        }
        parking.arrived(back, this::goOn);
    }

    private void goOn(Arrival back) {
        SessionParts live = upstream.parts();
        if (phase != Phase.PARKED || live == null) {
            parking.turnAway(back);
            return;
        }
        if (!back.leg().isOpen()) {
            return; // lost again before it was back
        }
        phase = Phase.RELAYING;
        lifetime.resumedBy(back.caller());
        parking.welcome(back, recording.ofClient(live.clientGate()), upstream.leg());
        upstream.attended();
    }

    private void leftByUpstream(Farewell words) {
        boolean relayed = life.relaying();
        phase = Phase.ENDING;
        parking.end();
        if (relayed) {
            farewell = words;
        }
        life.progressed();
    }

    /** Lets running responses end and their usage come, for a while; then closes the upstream. */
    private void drainUpstream() {
        SessionParts live = upstream.parts();
        parking.end();
        if (live == null || !upstream.isServed()) {
            return;
        }
        live.cancelResponses();
        lifetime.after(services.config().cancelTimeout(), upstream::close);
        life.progressed();
    }

    private void sayGoodbye(Farewell words) {
        farewell = null;
        words.say(client, report, toldIds, upstream.parts() != null);
    }

    private void look() {
        SessionParts live = upstream.parts();
        if (live == null) {
            return;
        }
        boolean committed = live.filer().committing() == 0;
        Farewell words = farewell;
        if (life.relaying()) {
            if (lifetime.draining() && committed && live.noResponseRuns()) {
                life.end(Ending.drained());
            }
            upstream.look();
        } else if (words != null && committed) {
            sayGoodbye(words);
        } else if (live.idle()) {
            upstream.close();
        }
        finish();
    }

    /** Gives back what is left when both sides are gone; the session counts until its last usage is committed. */
    private void finish() {
        if (phase != Phase.ENDING || !client.gone() || !upstream.isEmpty()) {
            return;
        }
        if (lifetime.release()) {
            parking.close();
        }
        SessionParts live = upstream.parts();
        if (live == null || live.filer().committing() == 0) {
            phase = Phase.ENDED;
            registry.remove(this);
            recording.close(context);
        }
    }

    /** What the upstream's side tells. */
    private final class Upstreams implements UpstreamSide.Listener {
        @Override
        public void left(Farewell words) {
            leftByUpstream(words);
        }

        @Override
        public void otherGone() {
            finish();
        }
    }

    /** What the parts of the session see of it. */
    private final class Life implements SessionLife {
        @Override
        public boolean relaying() {
            return phase.isLive();
        }

        @Override
        public boolean attended() {
            return phase == Phase.RELAYING;
        }

        @Override
        public @Nullable Refusal noNewWork() {
            return lifetime.noNewWork();
        }

        @Override
        public void refuse(Refusal refusal, @Nullable String clientEventId) {
            if (refusal.kind() == Kind.BUDGET_EXHAUSTED && order.tenant().closeOnExhausted()) {
                end(Ending.of("client", refusal).causedBy(clientEventId));
            } else if (relaying()) {
                report.refused(refusal);
                client.send(RejectionMapper.errorEvent(refusal, toldIds.next(), clientEventId));
            }
        }

        @Override
        public boolean outlivesUpstream() {
            return upstream.outlivesUpstream();
        }

        @Override
        public void end(Ending ending) {
            Farewell waiting = farewell;
            if (phase == Phase.CONNECTING) {
                endedEarly = endedEarly == null ? ending : endedEarly;
            } else if (relaying()) {
                phase = Phase.ENDING;
                upstream.stop();
                sayGoodbye(new Farewell(ending, false));
                drainUpstream();
            } else if (waiting != null) {
                sayGoodbye(waiting);
            }
        }

        @Override
        public void progressed() {
            lifetime.progressed();
        }
    }
}
