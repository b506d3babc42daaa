package dev.parley.gateway;

import dev.parley.auth.Binding;
import dev.parley.auth.Caller;
import dev.parley.auth.Callers;
import dev.parley.auth.Callers.Identity;
import dev.parley.config.Secret;
import dev.parley.dialect.AliasDialect;
import dev.parley.dialect.BetaDialect;
import dev.parley.dialect.Dialect;
import dev.parley.dialect.ModelAlias;
import dev.parley.dialect.TranscriptionDialect;
import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.domain.SessionId;
import dev.parley.quota.Admission;
import dev.parley.quota.Admission.SessionDecision;
import dev.parley.quota.SessionPermit;
import dev.parley.quota.SessionRequest;
import dev.parley.relay.Leg;
import dev.parley.session.Arrival;
import dev.parley.session.LiveSession;
import dev.parley.session.ModelPolicy;
import dev.parley.session.RealtimeSession;
import dev.parley.session.SessionOrder;
import dev.parley.session.SessionRegistry;
import dev.parley.session.SessionServices;
import dev.parley.session.TenantTerms;
import dev.parley.tenancy.PoolMode;
import dev.parley.tenancy.Tenant;
import dev.parley.turn.TurnSession;
import dev.parley.turn.TurnUpstreams;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The tenants' door: verifies the token, checks tenant, model and limits, and makes the session. Thread-safe. */
public final class RealtimeSessions implements SessionOpener {
    private static final Duration RETRY_SOON = Duration.ofSeconds(2);

    /** The same for a session that is not there, that has ended, and that is somebody else's. */
    static final Refusal UNKNOWN_SESSION = Refusal.of(
                    Kind.NOT_FOUND,
                    "session_not_found",
                    "There is no such session to go on with, or not any more: start a new one.")
            .param("session_id");

    /** For one session, or for one tenant on one node. */
    static final Refusal TOO_OFTEN = Refusal.of(
                    Kind.RATE_LIMITED, "resume_rate_limit_exceeded", "Sessions are resumed too often; try again.")
            .param("session_id")
            .retryAfter(RETRY_SOON);

    private static final Refusal USED_UP = Refusal.of(
            Kind.UNAUTHENTICATED,
            "client_secret_used",
            "This client secret was for one session, which has been started. Get a new one.");

    private static final Refusal UNREADABLE = Refusal.of(
                    Kind.OVERLOADED, "server_error", "The client secret cannot be checked now; please try again.")
            .retryAfter(RETRY_SOON);

    private final SessionServices services;
    private final Callers callers;
    private final Admission admission;
    private final SessionRegistry registry;
    private final TurnUpstreams turns;
    private final Peers peers;
    private final Function<Binding, Future<Boolean>> secrets;

    /**
     * @param turns where the responses of sessions in turn mode run
     * @param peers the other nodes, which may have the session that a client comes back to
     * @param secrets starts a session with a client secret; false if it has none left
     */
    public RealtimeSessions(
            SessionServices services,
            Callers callers,
            Admission admission,
            SessionRegistry registry,
            TurnUpstreams turns,
            Peers peers,
            Function<Binding, Future<Boolean>> secrets) {
        this.services = services;
        this.callers = callers;
        this.admission = admission;
        this.registry = registry;
        this.turns = turns;
        this.peers = peers;
        this.secrets = secrets;
    }

    @Override
    public Future<Opening> open(Handshake handshake) {
        Optional<Refusal> closed = registry.refusal();
        if (closed.isPresent()) {
            return refused(closed.get());
        }
        return identified(
                handshake.credential(),
                handshake.origin(),
                (caller, tenant) -> services.ledger().healthy()
                        ? admit(handshake, caller, tenant)
                        : refused(services.ledger().full().retryAfter(RETRY_SOON)));
    }

    @Override
    public Future<Opening> resume(ResumeRequest request) {
        Secret ticket = request.ticket();
        if (ticket == null) {
            return identified(
                    request.credential(),
                    request.origin(),
                    (caller, _) -> here(request, caller)
                            .map(Future::succeededFuture)
                            .orElseGet(() -> elsewhere(request, caller)));
        }
        Opening opening = peers.vouchedFor(ticket, request.session())
                .flatMap(caller -> here(request, caller))
                .orElse(new Opening.Refused(UNKNOWN_SESSION));
        return Future.succeededFuture(opening);
    }

    /** Empty if this node does not have that session, or not for this caller. */
    private Optional<Opening> here(ResumeRequest request, Caller caller) {
        return registry.find(request.session())
                .filter(session -> session.mayBeResumedBy(caller))
                .map(session -> session.admitsReturn()
                        ? new Opening.Accepted(new Return(session, caller, request))
                        : new Opening.Refused(TOO_OFTEN));
    }

    private Future<Opening> elsewhere(ResumeRequest request, Caller caller) {
        Optional<Refusal> leaving = registry.refusal().filter(_ -> registry.draining());
        return leaving.isPresent() ? refused(leaving.get()) : peers.resume(request, caller);
    }

    /** Goes on with whom the token speaks for, if its tenant may use the broker now. */
    private Future<Opening> identified(
            @Nullable Secret credential, @Nullable String origin, BiFunction<Caller, Tenant, Future<Opening>> next) {
        return callers.identify(credential, origin).compose(identity -> switch (identity) {
            case Identity.Unknown(Refusal refusal) -> refused(refusal);
            case Identity.Known(Caller caller, Tenant tenant) -> next.apply(caller, tenant);
        });
    }

    private Future<Opening> admit(Handshake handshake, Caller caller, Tenant tenant) {
        TenantTerms terms = new TenantTerms(tenant);
        ModelPolicy models = new ModelPolicy(services.prices(), services.ticker(), terms, caller);
        return switch (Bound.of(handshake, caller, models)) {
            case Bound.Outcome.Refused(Refusal refusal) -> refused(refusal);
            case Bound.Outcome.Asked(Handshake asked, ModelName model) ->
                admit(asked, model, caller, tenant, terms, models);
        };
    }

    private Future<Opening> admit(
            Handshake handshake,
            @Nullable ModelName model,
            Caller caller,
            Tenant tenant,
            TenantTerms terms,
            ModelPolicy models) {
        Optional<Refusal> barred =
                Optional.ofNullable(model).flatMap(name -> models.refusal(name, handshake.kind(), "model"));
        if (barred.isPresent()) {
            return refused(barred.get());
        }
        SessionId id = SessionId.random();
        return admission
                .openSession(new SessionRequest(id, tenant, caller.subject(), model))
                .compose(decision -> switch (decision) {
                    case SessionDecision.Refused(Refusal refusal) -> refused(refusal);
                    case SessionDecision.Admitted(SessionPermit permit) ->
                        used(new SessionOrder(
                                id,
                                terms,
                                caller,
                                handshake.kind(),
                                model,
                                handshake.model(),
                                dialect(handshake, model),
                                models,
                                permit));
                });
    }

    /** A secret for one session is used up when that session is admitted, and not by a refusal. */
    private Future<Opening> used(SessionOrder order) {
        Binding binding = order.caller().binding();
        if (binding == null || !binding.singleUse()) {
            return Future.succeededFuture(accept(order));
        }
        return secrets.apply(binding).transform(used -> {
            if (used.succeeded() && used.result()) {
                return Future.succeededFuture(accept(order));
            }
            order.permit().release();
            return refused(used.succeeded() ? USED_UP : UNREADABLE);
        });
    }

    private static Dialect dialect(Handshake handshake, @Nullable ModelName model) {
        ModelName asked = handshake.model();
        ModelAlias alias = asked == null || model == null || asked.equals(model)
                ? null
                : new ModelAlias(asked.value(), model.value());
        if (handshake.beta()) {
            return new BetaDialect(handshake.kind() == ModelKind.TRANSCRIPTION, alias);
        }
        if (handshake.kind() == ModelKind.TRANSCRIPTION) {
            return new TranscriptionDialect(alias);
        }
        return alias == null ? Dialect.GA : new AliasDialect(alias);
    }

    private Opening accept(SessionOrder order) {
        Optional<Refusal> closed = registry.refusal();
        if (closed.isPresent()) {
            order.permit().release();
            return new Opening.Refused(closed.get());
        }
        Context context = Vertx.currentContext();
        return new Opening.Accepted(new Entrance() {
            @Override
            public SessionId session() {
                return order.id();
            }

            @Override
            public Map<String, String> headers() {
                return sunset(order);
            }

            @Override
            public void enter(Leg client) {
                if (order.kind() == ModelKind.CONVERSATION && isTurn(order)) {
                    new TurnSession(context, services, registry, turns, order, client).start();
                } else {
                    new RealtimeSession(context, services, registry, order, client).start();
                }
            }

            @Override
            public void abandon() {
                order.permit().release();
            }
        });
    }

    /** Says when the model will be shut down, if that is soon (RFC 8594). */
    private Map<String, String> sunset(SessionOrder order) {
        return Optional.ofNullable(order.model())
                .flatMap(order.models()::shutdownAt)
                .filter(at -> at.isBefore(services.ticker().now().plus(ModelPolicy.SHUTDOWN_WARNING)))
                .map(at -> Map.of("Sunset", DateTimeFormatter.RFC_1123_DATE_TIME.format(at.atOffset(ZoneOffset.UTC))))
                .orElse(Map.of());
    }

    private static boolean isTurn(SessionOrder order) {
        ModelName model = order.model();
        return model != null && order.tenant().poolMode(model) == PoolMode.TURN;
    }

    private static Future<Opening> refused(Refusal refusal) {
        return Future.succeededFuture(new Opening.Refused(refusal));
    }

    /** A client that comes back. */
    private record Return(LiveSession of, Caller caller, ResumeRequest request) implements Entrance {
        @Override
        public SessionId session() {
            return of.id();
        }

        @Override
        public Context home() {
            return of.home();
        }

        @Override
        public void enter(Leg client) {
            boolean overAnotherNode = request.ticket() != null;
            Arrival arrival = new Arrival(client, overAnotherNode, caller, request.lastEventId());
            if (overAnotherNode) {
                ReadyGate.await(client, () -> of.resume(arrival));
            } else {
                of.resume(arrival);
            }
        }

        @Override
        public void abandon() {
            // the session waits on
        }
    }
}
