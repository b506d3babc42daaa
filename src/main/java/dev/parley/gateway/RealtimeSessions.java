package dev.parley.gateway;

import dev.parley.auth.Caller;
import dev.parley.auth.TokenVerifier.Verification;
import dev.parley.config.Secret;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.domain.SessionId;
import dev.parley.quota.Admission;
import dev.parley.quota.Admission.SessionDecision;
import dev.parley.quota.SessionPermit;
import dev.parley.quota.SessionRequest;
import dev.parley.relay.Leg;
import dev.parley.session.ModelPolicy;
import dev.parley.session.RealtimeSession;
import dev.parley.session.SessionOrder;
import dev.parley.session.SessionRegistry;
import dev.parley.session.SessionServices;
import dev.parley.session.TenantTerms;
import dev.parley.tenancy.Tenant;
import dev.parley.tenancy.TenantStatus;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Optional;

/** The tenants' door: verifies the token, checks tenant, model and limits, and makes the session. Thread-safe. */
public final class RealtimeSessions implements SessionOpener {
    private static final Duration RETRY_SOON = Duration.ofSeconds(2);

    private final SessionServices services;
    private final Admission admission;
    private final SessionRegistry registry;

    public RealtimeSessions(SessionServices services, Admission admission, SessionRegistry registry) {
        this.services = services;
        this.admission = admission;
        this.registry = registry;
    }

    @Override
    public Future<Opening> open(Handshake handshake) {
        Secret credential = handshake.credential();
        if (credential == null) {
            return refused(Refusal.of(
                    Kind.UNAUTHENTICATED,
                    "missing_credentials",
                    "You didn't provide a token: send 'Authorization: Bearer TOKEN' or the subprotocol"
                            + " 'openai-insecure-api-key.TOKEN'."));
        }
        Optional<Refusal> closed = registry.refusal();
        if (closed.isPresent()) {
            return refused(closed.get());
        }
        return services.verifier().verify(credential.reveal()).compose(verification -> switch (verification) {
            case Verification.Rejected(Refusal refusal) -> refused(refusal);
            case Verification.Verified(Caller caller) -> admit(handshake, caller);
        });
    }

    private Future<Opening> admit(Handshake handshake, Caller caller) {
        return services.tenants().find(caller.tenant()).compose(found -> {
            if (found.isEmpty()) {
                return refused(Refusal.of(Kind.FORBIDDEN, "unknown_tenant", "The token's tenant does not exist."));
            }
            Tenant tenant = found.get();
            if (tenant.status() != TenantStatus.ACTIVE) {
                return refused(Refusal.of(Kind.FORBIDDEN, "tenant_suspended", "This tenant is suspended."));
            }
            if (!services.ledger().healthy()) {
                return refused(services.ledger().full().retryAfter(RETRY_SOON));
            }
            return admit(handshake, caller, tenant);
        });
    }

    private Future<Opening> admit(Handshake handshake, Caller caller, Tenant tenant) {
        TenantTerms terms = new TenantTerms(tenant);
        ModelPolicy models = new ModelPolicy(services.prices(), services.ticker(), terms, caller);
        Optional<Refusal> model =
                Optional.ofNullable(handshake.model()).flatMap(name -> models.refusal(name, handshake.kind(), "model"));
        if (model.isPresent()) {
            return refused(model.get());
        }
        SessionId id = SessionId.random();
        return admission
                .openSession(new SessionRequest(id, tenant, caller.subject(), handshake.model()))
                .map(decision -> switch (decision) {
                    case SessionDecision.Refused(Refusal refusal) -> new Opening.Refused(refusal);
                    case SessionDecision.Admitted(SessionPermit permit) ->
                        accept(new SessionOrder(
                                id, terms, caller, handshake.kind(), handshake.model(), models, permit));
                });
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
            public void enter(Leg client) {
                new RealtimeSession(context, services, registry, order, client).start();
            }

            @Override
            public void abandon() {
                order.permit().release();
            }
        });
    }

    private static Future<Opening> refused(Refusal refusal) {
        return Future.succeededFuture(new Opening.Refused(refusal));
    }
}
