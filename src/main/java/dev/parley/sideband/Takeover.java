package dev.parley.sideband;

import dev.parley.call.LiveCall;
import dev.parley.domain.Refusal;
import dev.parley.domain.SessionId;
import dev.parley.quota.Admission.SessionDecision;
import dev.parley.quota.SessionPermit;
import dev.parley.quota.SessionRequest;
import dev.parley.session.CallLine;
import dev.parley.session.ModelPolicy;
import dev.parley.session.TenantTerms;
import dev.parley.tenancy.Tenant;
import dev.parley.upstream.Account;
import io.vertx.core.Future;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A call that this node has claimed, and gives a session: admitted like any other, because the permit of the one before is
 * gone. What is refused for good is hung up. One event loop.
 */
final class Takeover {
    private static final Logger LOGGER = LoggerFactory.getLogger(Takeover.class);

    private final CallParts parts;
    private final CallKeeper keeper;
    private final LiveCall call;

    enum Outcome {
        TAKEN,
        OVER,
        LATER
    }

    Takeover(CallParts parts, CallKeeper keeper, LiveCall call) {
        this.parts = parts;
        this.keeper = keeper;
        this.call = call;
    }

    /** Never fails. */
    Future<Outcome> begin() {
        Optional<Account> account = parts.upstream().find(call.account());
        if (account.isEmpty() || !parts.services().ledger().healthy()) {
            return Future.succeededFuture(Outcome.LATER);
        }
        CallLine line = keeper.line(call);
        return parts.services()
                .tenants()
                .find(call.caller().tenant())
                .compose(tenant -> tenant.isEmpty()
                        ? hungUp(line, Refusal.of(Refusal.Kind.FORBIDDEN, "unknown_tenant", "The tenant is gone."))
                        : admit(tenant.get(), account.get(), line))
                .otherwise(failure -> {
                    LOGGER.atWarn()
                            .addKeyValue("call", call.id())
                            .addKeyValue("cause", failure.getMessage())
                            .log("a call could not be taken over");
                    return Outcome.LATER;
                });
    }

    private Future<Outcome> admit(Tenant tenant, Account account, CallLine line) {
        SessionId id = SessionId.random();
        return parts.admission()
                .openSession(new SessionRequest(id, tenant, call.caller().subject(), call.model()))
                .compose(decision -> switch (decision) {
                    case SessionDecision.Refused(Refusal refusal) -> refused(refusal, line);
                    case SessionDecision.Admitted(SessionPermit permit) -> attach(tenant, id, permit, account, line);
                });
    }

    private Future<Outcome> refused(Refusal refusal, CallLine line) {
        return switch (refusal.kind()) {
            case BUDGET_EXHAUSTED, FORBIDDEN, UNAUTHENTICATED, NOT_FOUND -> hungUp(line, refusal);
            case RATE_LIMITED, OVERLOADED, UPSTREAM_UNAVAILABLE, DRAINING, BAD_REQUEST, METHOD_NOT_ALLOWED ->
                Future.succeededFuture(Outcome.LATER);
        };
    }

    private static Future<Outcome> hungUp(CallLine line, Refusal refusal) {
        return line.hangUp(refusal).map(Outcome.OVER);
    }

    private Future<Outcome> attach(Tenant tenant, SessionId id, SessionPermit permit, Account account, CallLine line) {
        TenantTerms terms = new TenantTerms(tenant);
        ModelPolicy models =
                new ModelPolicy(parts.services().prices(), parts.services().ticker(), terms, call.caller());
        account.take();
        return new Attachment(parts, call, terms, models, id, permit, account, line)
                .begin()
                .map(result -> switch (result) {
                    case Attachment.Result.Attached _ -> {
                        LOGGER.atInfo()
                                .addKeyValue("call", call.id())
                                .addKeyValue("tenant", tenant.id())
                                .addKeyValue("session", id)
                                .log("a call goes on with this node");
                        yield Outcome.TAKEN;
                    }
                    case Attachment.Result.Failed(boolean over, Refusal _) -> over ? Outcome.OVER : Outcome.LATER;
                });
    }
}
