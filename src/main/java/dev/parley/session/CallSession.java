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
import dev.parley.relay.Backlog.Replay;
import dev.parley.relay.LegEnd;
import dev.parley.session.CallLine.How;
import dev.parley.tenancy.Tenant;
import dev.parley.upstream.UpstreamConnector.UpstreamSession;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A call by WebRTC or SIP. Its audio goes past the broker; the session has the call's sideband as its upstream, meters there
 * what the model says, and has the call ended when its money or its time is over. Its client, if it has one at all, is a
 * sideband of the tenant's own, which comes and goes. Confined to one event loop.
 *
 * <pre>
 *   RELAYING ──the sideband or the broker ends it──▶ ENDING ──▶ ENDED
 * </pre>
 */
public final class CallSession implements LiveSession {
    /** How far the cover of the audio is ahead of what is spoken. */
    private static final Duration LISTEN_EVERY = Duration.ofSeconds(5);

    private static final Duration REPLAY_LEAST = Duration.ofSeconds(1);
    /** How a provider's close says that the call itself has ended. Of all other closes only the way back can tell. */
    private static final int OVER = 1000;

    private final Context context;
    private final SessionServices services;
    private final SessionRegistry registry;
    private final SessionOrder order;
    private final CallLine line;
    private final ClientSide client;
    private final SessionReport report;
    private final OwnEvents toldIds = new OwnEvents();
    private final Parking parking;
    private final Lifetime lifetime;
    private final Recording recording;
    private final CallSettings settings;
    private final UpstreamSession sideband;
    private final UpstreamSide upstream;
    private final Life life = new Life();

    private volatile Phase phase = Phase.RELAYING;
    private volatile boolean begun;
    private How how = How.LEFT;
    private boolean hangingUp;
    private @Nullable Refusal why;
    /** Who listens now, beside the broker. */
    private @Nullable Caller listener;

    /**
     * @param context of the sideband's leg
     * @param already how long the call has lasted, on other nodes
     */
    public CallSession(
            Context context,
            SessionServices services,
            SessionRegistry registry,
            SessionOrder order,
            UpstreamSession sideband,
            Duration already,
            CallLine line) {
        this.context = context;
        this.services = services;
        this.registry = registry;
        this.order = order;
        this.line = line;
        this.sideband = sideband;
        this.client = new ClientSide(order.dialect());
        this.report = new SessionReport(services, order);
        this.parking = new Parking(context.owner(), client, report, toldIds);
        this.recording = new Recording(order, registry, services.ticker(), this::bytesPerMilli);
        this.settings = new CallSettings(sideband.created());
        this.lifetime = new Lifetime(context, services, order, life::end, this::hear, this::look).begunBefore(already);
        this.upstream = new UpstreamSide(
                context,
                services,
                order,
                report,
                life,
                toldIds,
                client,
                this::clientEnded,
                recording,
                new Upstreams(),
                settings);
    }

    /** Begins to meter; within the call that handed the sideband over. Once. */
    public void start() {
        registry.add(this);
        SessionParts live = upstream.begin(sideband);
        report.started(sideband.account());
        Duration window = order.tenant().resumeWindow();
        client.keep(
                services.backlogs().open(window.compareTo(REPLAY_LEAST) < 0 ? REPLAY_LEAST : window), sideband.leg());
        registry.known(this);
        lifetime.limitLength();
        lifetime.watch(this::recheckListener);
        live.begin().onComplete(limited -> {
            begun = true;
            if (limited.failed()) {
                life.end(Ending.of("broker", Refusal.of(Kind.OVERLOADED, "server_error", "Please try again.")));
            } else if (limited.result().isPresent()) {
                life.end(Ending.of("client", limited.result().get()));
            } else {
                listen();
            }
            life.progressed(); // it may have to leave already
        });
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
        SessionParts live = upstream.parts();
        return lifetime.snapshot(phase, live == null ? 0 : live.openResponses(), upstream.spent());
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
    public void drain(Duration wait, Duration deadline) {
        lifetime.drain(wait, deadline);
    }

    @Override
    public Future<Void> end(Refusal refusal) {
        return lifetime.end(refusal);
    }

    @Override
    public void recheck() {
        lifetime.recheck();
    }

    @Override
    public @Nullable String knownAs() {
        return sideband.id();
    }

    @Override
    public boolean isParked() {
        return false; // the caller is there
    }

    @Override
    public boolean mayBeResumedBy(Caller back) {
        ModelName model = order.model();
        boolean theirs = back.subject().equals(order.caller().subject()) || back.wholeTenant();
        return begun
                && phase.isLive()
                && theirs
                && back.tenant().equals(order.caller().tenant())
                && (model == null || order.models().allowedBy(back, model));
    }

    @Override
    public boolean admitsReturn() {
        return lifetime.admitsReturn();
    }

    @Override
    public Context home() {
        return context;
    }

    /** A sideband of the tenant's: it is told the settings first, and takes the place of one that is there. */
    @Override
    public void resume(Arrival back) {
        if (!phase.isLive()) {
            parking.turnAway(back);
            return;
        }
        if (!client.gone()) {
            client.dismiss(upstream.leg());
        }
        parking.arrived(back, this::join);
    }

    private void join(Arrival back) {
        SessionParts live = upstream.parts();
        if (!phase.isLive() || live == null) {
            parking.turnAway(back);
            return;
        }
        if (!back.leg().isOpen()) {
            return;
        }
        listener = back.caller();
        Replay missed = client.take(back.leg(), back.lastEventId());
        client.judge(recording.ofClient(live.clientGate()));
        client.send(settings.created(toldIds.next()));
        if (back.lastEventId() != null) {
            back.leg().send(missed.events());
        }
        client.connect(upstream.leg());
        client.read(back);
        report.resumed(missed);
    }

    private void clientEnded(LegEnd end) {
        listener = null;
        if (phase.isLive()) {
            client.leave(upstream.leg());
        }
        finish();
    }

    private void recheckListener() {
        client.expire();
        Caller mine = listener;
        if (mine != null) {
            services.verifier()
                    .recheck(mine)
                    .onSuccess(refusal -> refusal.ifPresent(no -> {
                        if (mine.equals(listener) && !client.gone()) {
                            client.send(RejectionMapper.errorEvent(no, toldIds.next(), null));
                            client.close(no.kind().closeCode(), RejectionMapper.closeReason(no));
                        }
                    }));
        }
    }

    /** Pays for what is spoken, while it is spoken. */
    private void listen() {
        SessionParts live = upstream.parts();
        if (!phase.isLive() || live == null) {
            return;
        }
        live.listened(LISTEN_EVERY.toMillis()).onSuccess(refusal -> {
            if (refusal.isPresent()) {
                life.end(Ending.of("client", refusal.get()));
            } else {
                lifetime.after(LISTEN_EVERY, this::listen);
            }
        });
    }

    /** How much audio of a direction is a millisecond. */
    private int bytesPerMilli(boolean fromClient) {
        SessionParts live = upstream.parts();
        return live == null ? SessionView.PCM_BYTES_PER_MILLI : live.bytesPerMilli(fromClient);
    }

    /** The tenant's settings as they are now; most often they are the same. */
    private void hear(Tenant tenant) {
        recording.hear(tenant);
        SessionParts live = upstream.parts();
        if (lifetime.isReleased() || tenant.equals(order.tenant()) || live == null) {
            return;
        }
        order.terms().hear(tenant);
        order.permit().hear(tenant);
        lifetime.limitLength();
        Optional<Refusal> barred = Optional.ofNullable(order.model())
                .flatMap(model -> order.models().refusal(model, order.kind(), "model"))
                .or(live::barred);
        if (barred.isPresent()) {
            life.end(Ending.of("client", barred.get()));
        } else {
            live.hear();
        }
    }

    private void look() {
        SessionParts live = upstream.parts();
        if (live == null) {
            return;
        }
        if (phase.isLive()) {
            if (lifetime.draining() && live.filer().committing() == 0 && live.noResponseRuns()) {
                life.end(Ending.drained());
            }
        } else if (live.idle()) {
            leave();
        }
        finish();
    }

    /** Nothing runs any more, or has been waited for long enough: the call is ended, or left to others. */
    private void leave() {
        Refusal reason = why;
        if (hangingUp || !upstream.isServed()) {
            return;
        }
        hangingUp = true;
        if (reason == null || how == How.LEFT) {
            upstream.close();
        } else {
            line.hangUp(reason).onComplete(asked -> {
                if (asked.failed()) {
                    report.abnormal(
                            "upstream", "hangup_failed", "The provider could not be asked to end the call.", null);
                    how = How.LEFT; // whoever takes it over tries again
                }
                upstream.close();
            });
        }
    }

    private void finish() {
        SessionParts live = upstream.parts();
        boolean settled = live == null || live.filer().committing() == 0;
        if (phase == Phase.ENDING && client.gone() && upstream.isEmpty() && settled) {
            phase = Phase.ENDED;
            parking.close();
            lifetime.release();
            registry.remove(this);
            recording.close(context);
            line.ended(how);
        }
    }

    /** What the sideband tells. */
    private final class Upstreams implements UpstreamSide.Listener {
        @Override
        public void left(Farewell words) {
            if (phase.isLive()) {
                phase = Phase.ENDING;
                boolean over = words.ending().refusal().code().equals(UpstreamEnding.CLOSED)
                        && words.ending().closeCode() == OVER;
                how = over ? How.OVER : How.LEFT;
                (over ? new Farewell(callEnded(), words.told()) : words).say(client, report, toldIds, true);
            }
            life.progressed();
        }

        @Override
        public void otherGone() {
            life.progressed();
        }
    }

    private static Ending callEnded() {
        return Ending.of("upstream", Refusal.of(Kind.NOT_FOUND, "call_ended", "The call has ended."))
                .closing(1000, "")
                .withoutAlarm();
    }

    /** What the parts of the session see of it. */
    private final class Life implements SessionLife {
        @Override
        public boolean relaying() {
            return phase.isLive();
        }

        @Override
        public boolean attended() {
            return phase.isLive(); // the caller is there, whoever else listens
        }

        @Override
        public @Nullable Refusal noNewWork() {
            return lifetime.noNewWork();
        }

        /** Whoever calls hears no error: what has to be said to them is said by the end of the call. */
        @Override
        public void refuse(Refusal refusal, @Nullable String clientEventId) {
            if (refusal.kind() == Kind.BUDGET_EXHAUSTED) {
                end(Ending.of("client", refusal).causedBy(clientEventId));
            } else if (relaying()) {
                report.refused(refusal);
                client.send(RejectionMapper.errorEvent(refusal, toldIds.next(), clientEventId));
            }
        }

        @Override
        public boolean outlivesUpstream() {
            return false;
        }

        @Override
        public void end(Ending ending) {
            SessionParts live = upstream.parts();
            if (!relaying()) {
                return;
            }
            phase = Phase.ENDING;
            why = ending.refusal();
            how = ending.refusal().kind() == Kind.DRAINING ? How.LEFT : How.OVER;
            upstream.stop();
            new Farewell(ending, false).say(client, report, toldIds, true);
            if (live != null && how == How.OVER) {
                live.cancelResponses();
            }
            lifetime.after(services.config().cancelTimeout(), CallSession.this::leave);
            progressed();
        }

        @Override
        public void progressed() {
            lifetime.progressed();
        }
    }
}
