package dev.parley.turn;

import dev.parley.auth.Caller;
import dev.parley.content.SessionContent;
import dev.parley.conversation.Conversation;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.domain.SessionId;
import dev.parley.domain.TenantId;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.protocol.EventType;
import dev.parley.protocol.RejectionMapper;
import dev.parley.relay.Gate;
import dev.parley.relay.Leg;
import dev.parley.relay.LegEnd;
import dev.parley.session.Arrival;
import dev.parley.session.ClientSide;
import dev.parley.session.Ending;
import dev.parley.session.Farewell;
import dev.parley.session.Lifetime;
import dev.parley.session.LiveSession;
import dev.parley.session.OutputLimit;
import dev.parley.session.OwnEvents;
import dev.parley.session.Parking;
import dev.parley.session.Phase;
import dev.parley.session.Recording;
import dev.parley.session.RequestRules;
import dev.parley.session.ResponsePrice;
import dev.parley.session.SessionDetail;
import dev.parley.session.SessionOrder;
import dev.parley.session.SessionRegistry;
import dev.parley.session.SessionReport;
import dev.parley.session.SessionServices;
import dev.parley.session.SessionSnapshot;
import dev.parley.session.Underwriter;
import dev.parley.session.UsageFiler;
import dev.parley.tenancy.Tenant;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One tenant's conversation in turn mode: the client's side, and no upstream. Owns its permit and all that its responses have
 * reserved; confined to the event loop of its client's socket.
 *
 * <pre>
 *   RELAYING ──the client says goodbye, or the broker ends it──▶ ENDING ──responses settled, usage committed──▶ ENDED
 *     │    ▲                                                      ▲
 *     ▼    │ client back                                          │
 *   PARKED ────window over, or the broker ends it─────────────────┘
 * </pre>
 */
public final class TurnSession implements LiveSession {
    private static final int HELD_BYTES_MAX = 4 << 20;
    private static final String ACCOUNT = "shared";

    private final Context context;
    private final SessionServices services;
    private final SessionRegistry registry;
    private final SessionOrder order;
    private final ClientSide client;
    private final SessionReport report;
    private final Life life = new Life();
    private final OwnEvents toldIds = new OwnEvents();
    private final Parking parking;
    private final TurnParts parts;
    private final Turns turns;
    private final Gate gate;
    private final String knownAs;
    private final Lifetime lifetime;
    private volatile Phase phase = Phase.RELAYING;

    /** On the event loop of the client's socket. */
    public TurnSession(
            Context context,
            SessionServices services,
            SessionRegistry registry,
            TurnUpstreams upstreams,
            SessionOrder order,
            Leg client) {
        this(context, services, registry, upstreams.here(), order, client);
    }

    /** @param order of a conversation, with its model */
    TurnSession(
            Context context,
            SessionServices services,
            SessionRegistry registry,
            LoopUpstreams upstreams,
            SessionOrder order,
            Leg client) {
        this.context = context;
        this.services = services;
        this.registry = registry;
        this.order = order;
        this.client = new ClientSide(client, order.dialect());
        this.report = new SessionReport(services, order);
        this.parking = new Parking(context.owner(), this.client, report, toldIds);
        this.lifetime = new Lifetime(context, services, order, life::end, this::hear, this::look);
        this.parts = parts(upstreams);
        this.turns = new Turns(parts);
        this.gate = parts.recording().ofClient(new TurnGate(this.client, parts, turns, this::clientEnded));
        this.knownAs = parts.settings().state().id();
    }

    private TurnParts parts(LoopUpstreams upstreams) {
        ModelName name = order.model();
        PricedModel model = name == null ? null : order.models().find(name).orElse(null);
        if (name == null || model == null) {
            throw new IllegalArgumentException("turn mode is for conversations with a model that has a price");
        }
        RequestRules rules = new RequestRules(order);
        TurnSettings settings = new TurnSettings(order.id(), name, order.tenant(), rules);
        return new TurnParts(
                context.owner(),
                services,
                order,
                upstreams.limits(),
                upstreams,
                life,
                settings,
                new Conversation(upstreams.limits().conversation()),
                new Outbox(this::tell, HELD_BYTES_MAX, () -> life.end(overflow())),
                new ResponsePrice(
                        model, new OutputLimit(order, model), services.config().outputTokensMin()),
                rules,
                new Underwriter(order.permit(), services.ledger()),
                new UsageFiler(context, services, order, life),
                report,
                new Recording(order, registry, services.ticker(), settings::bytesPerMilli));
    }

    private void tell(EventType type, Buffer utf8) {
        parts.recording().told(type, utf8);
        client.send(utf8);
    }

    /** Greets the client and begins to listen. On the event loop of the client's socket; once. */
    public void start() {
        registry.add(this);
        report.started(ACCOUNT);
        client.judge(gate);
        Duration window = order.tenant().resumeWindow();
        if (!window.isZero()) {
            client.keep(services.backlogs().open(window), null);
            registry.known(this);
        }
        Optional<Refusal> unbound = order.boundUpdate().flatMap(parts.settings()::bind);
        parts.outbox().send(parts.settings().event("session.created"));
        unbound.ifPresent(refusal -> life.refuse(refusal, SessionOrder.BOUND_EVENT_ID));
        client.start();
        lifetime.limitLength();
        lifetime.watch(client::expire);
        if (unbound.isPresent()) {
            order.unbound().ifPresent(why -> life.end(Ending.of("client", why)));
        }
    }

    @Override
    public SessionId id() {
        return order.id();
    }

    @Override
    public TenantId tenant() {
        return order.tenant().id();
    }

    @Override
    public SessionSnapshot snapshot() {
        return lifetime.snapshot(phase, turns.openCount(), parts.filer().spent());
    }

    @Override
    public Future<SessionDetail> detail() {
        return parts.recording().detail(context, lifetime.startedAt(), null);
    }

    @Override
    public Future<SessionContent> content() {
        return parts.recording().content(context);
    }

    @Override
    public String knownAs() {
        return knownAs;
    }

    @Override
    public boolean isParked() {
        return phase == Phase.PARKED;
    }

    @Override
    public boolean mayBeResumedBy(Caller back) {
        return phase.isLive() && order.isFor(back);
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

    /** The tenant's settings as they are now; most often they are the same. Responses look at them when they are asked for. */
    private void hear(Tenant tenant) {
        parts.recording().hear(tenant);
        if (!phase.isLive() || tenant.equals(order.tenant())) {
            return;
        }
        order.terms().hear(tenant);
        order.permit().hear(tenant);
        lifetime.limitLength();
        Optional<Refusal> barred = order.models().refusal(parts.price().model().name(), order.kind(), "model");
        barred.ifPresent(why -> life.end(Ending.of("client", why)));
    }

    private static Ending overflow() {
        return Ending.of(
                "broker",
                Refusal.of(Kind.OVERLOADED, "server_error", "More events wait for their ledger entry than are kept."));
    }

    private void clientEnded(LegEnd end) {
        if (phase == Phase.RELAYING && client.isKept() && ClientSide.mayReturn(end)) {
            park(end);
        } else if (phase == Phase.RELAYING) {
            leftBy(end);
        }
        life.progressed();
    }

    private void leftBy(LegEnd end) {
        phase = Phase.ENDING;
        report.clientEnded(end);
        report.ended("client " + end.cause(), end.code());
        stopResponses();
    }

    /** What runs goes on, and is kept for the client; without one nothing new begins. */
    private void park(LegEnd end) {
        Duration window = order.tenant().resumeWindow();
        if (window.isZero()) {
            leftBy(end);
            return;
        }
        phase = Phase.PARKED;
        parking.begin(end, window, null, () -> leftBy(end));
    }

    @Override
    public void resume(Arrival back) {
        if (!phase.isLive() || !client.isKept()) {
            parking.turnAway(back);
            return;
        }
        if (phase == Phase.RELAYING) {
            client.dismiss(null);
            park(Parking.TAKEN_OVER);
        }
        parking.arrived(back, this::goOn);
    }

    private void goOn(Arrival back) {
        if (phase != Phase.PARKED) {
            parking.turnAway(back);
        } else if (back.leg().isOpen()) { // and not lost again before it was back
            phase = Phase.RELAYING;
            lifetime.resumedBy(back.caller());
            parking.welcome(back, gate, null);
        }
    }

    /** Lets running responses end and their usage come, for a while. */
    private void stopResponses() {
        parking.end();
        turns.cancelAll();
        lifetime.after(services.config().cancelTimeout(), turns::abandon);
        life.progressed();
    }

    private void look() {
        boolean quiet = turns.idle() && parts.filer().committing() == 0;
        if (phase.isLive() && lifetime.draining() && quiet) {
            life.end(Ending.drained());
        }
        if (phase.isLive() || phase == Phase.ENDED || !client.gone() || !turns.idle()) {
            return;
        }
        if (lifetime.release()) {
            parking.close();
        }
        if (quiet) {
            phase = Phase.ENDED;
            registry.remove(this);
            parts.recording().close(context);
        }
    }

    /** What the parts of the session see of it. */
    private final class Life implements TurnLife {
        @Override
        public boolean live() {
            return phase.isLive();
        }

        @Override
        public @Nullable Refusal noNewWork() {
            return lifetime.noNewWork();
        }

        @Override
        public void refuse(Refusal refusal, @Nullable String clientEventId) {
            if (refusal.kind() == Kind.BUDGET_EXHAUSTED && order.tenant().closeOnExhausted()) {
                end(Ending.of("client", refusal).causedBy(clientEventId));
            } else if (live()) {
                parts.outbox()
                        .send(EventType.ERROR, RejectionMapper.errorEvent(refusal, toldIds.next(), clientEventId));
            }
        }

        /** Responses that run are cancelled; what is on its way to the client reaches it before the words of farewell. */
        @Override
        public void end(Ending ending) {
            if (live()) {
                phase = Phase.ENDING;
                parts.outbox().then(() -> new Farewell(ending, false).say(client, report, toldIds, true));
                stopResponses();
            }
        }

        @Override
        public void progressed() {
            lifetime.progressed();
        }
    }
}
