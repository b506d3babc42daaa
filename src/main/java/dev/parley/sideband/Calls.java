package dev.parley.sideband;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.auth.Binding;
import dev.parley.auth.Caller;
import dev.parley.call.CallId;
import dev.parley.call.CallStore.Known;
import dev.parley.call.LiveCall;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.domain.SessionId;
import dev.parley.quota.Admission.SessionDecision;
import dev.parley.quota.SessionPermit;
import dev.parley.quota.SessionRequest;
import dev.parley.session.ModelPolicy;
import dev.parley.session.TenantTerms;
import dev.parley.tenancy.Tenant;
import dev.parley.upstream.Account;
import dev.parley.upstream.Unavailable;
import dev.parley.upstream.UpstreamCalls.Answer;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What tenants do with calls. Used on event loops; every answer comes on the caller's, and never fails. Thread-safe. */
public final class Calls {
    private static final Logger LOGGER = LoggerFactory.getLogger(Calls.class);
    private static final Duration RETRY_SOON = Duration.ofSeconds(2);
    /** The same for a call that is not there, that is over, and that is somebody else's. */
    private static final Refusal UNKNOWN = Refusal.of(
                    Kind.NOT_FOUND, "call_not_found", "There is no such call, or not any more.")
            .param("call_id");

    private static final Refusal AWAY = Refusal.of(
                    Kind.OVERLOADED, "server_error", "This cannot be done now; please try again.")
            .retryAfter(RETRY_SOON);
    private static final Refusal USED_UP = Refusal.of(
            Kind.UNAUTHENTICATED,
            "client_secret_used",
            "This client secret was for one session, which has been started. Get a new one.");

    private final CallParts parts;
    private final CallKeeper keeper;

    public Calls(CallParts parts, CallKeeper keeper) {
        this.parts = parts;
        this.keeper = keeper;
    }

    /** What is answered. */
    public sealed interface Outcome {
        /** The provider's answer to the offer. */
        record Begun(CallId call, String sdp) implements Outcome {}

        record Done() implements Outcome {}

        record Refused(Refusal refusal) implements Outcome {}
    }

    /** What can be done to a call that is there. */
    public enum Action {
        REJECT,
        REFER,
        HANGUP;

        /** As the URL has it. */
        public String word() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    /**
     * Begins a call by WebRTC.
     *
     * @param settings of the session; empty if the request has none
     * @param named the model of the URL; null if it has none
     */
    public Future<Outcome> create(
            Caller caller, Tenant tenant, String sdp, ObjectNode settings, @Nullable ModelName named) {
        return admitted(caller, tenant, settings, named, (order) -> {
            Optional<Account> account = parts.upstream()
                    .place(order.wish().model(), parts.services().ticker().nanos());
            if (account.isEmpty()) {
                order.permit().release();
                return refused(Unavailable.refusal("No upstream takes calls on this model now."));
            }
            return parts.upstream().create(account.get(), sdp, order.settings()).compose(answer -> switch (answer) {
                case Answer.Done(String location, Buffer body) -> begun(order, account.get(), location, body);
                case Answer.Gone _ -> givenBack(order, account.get(), AWAY);
                case Answer.Refused(Refusal refusal) -> givenBack(order, account.get(), refusal);
                // without the answer nobody can speak in it
                case Answer.Unclear(Refusal refusal) -> givenBack(order, account.get(), refusal);
            });
        });
    }

    /** Has the model take a call by SIP, which rings for the tenant. */
    public Future<Outcome> accept(Caller caller, Tenant tenant, CallId call, ObjectNode settings) {
        return mine(caller, call).compose(known -> {
            Optional<Account> account = known.flatMap(one -> parts.upstream().find(one.account()));
            if (account.isEmpty() || known.get().subject() != null) {
                return refused(UNKNOWN);
            }
            return admitted(caller, tenant, settings, null, order -> {
                account.get().take();
                return parts.upstream()
                        .accept(account.get(), call.value(), order.settings())
                        .compose(answer -> switch (answer) {
                            // if it was not accepted after all, there is nothing to listen to, and it is ended
                            case Answer.Done _, Answer.Unclear _ ->
                                attach(order, account.get(), call, new Outcome.Done());
                            case Answer.Gone _ -> givenBack(order, account.get(), UNKNOWN);
                            case Answer.Refused(Refusal refusal) -> givenBack(order, account.get(), refusal);
                        });
            });
        });
    }

    /** Does something to a call of the tenant's. */
    public Future<Outcome> act(Caller caller, CallId call, Action action, Buffer body) {
        return mine(caller, call).compose(known -> {
            Optional<Account> account = known.flatMap(one -> parts.upstream().find(one.account()));
            if (account.isEmpty() || !mayAct(caller, known.get())) {
                return refused(UNKNOWN);
            }
            return parts.upstream()
                    .act(account.get(), call.value(), action.word(), body)
                    .compose(answer -> switch (answer) {
                        case Answer.Done _ -> {
                            forgetRinging(known.get(), call);
                            yield Future.succeededFuture(new Outcome.Done());
                        }
                        case Answer.Gone _ -> refused(UNKNOWN);
                        case Answer.Refused(Refusal refusal) -> refused(refusal);
                        case Answer.Unclear(Refusal refusal) -> refused(refusal);
                    });
        });
    }

    /** A live call's row goes when its session has ended; one that rings has none. */
    private void forgetRinging(Known known, CallId call) {
        if (known.subject() == null) {
            keeper.ended(call);
        }
    }

    private static boolean mayAct(Caller caller, Known known) {
        return known.subject() == null || known.subject().equals(caller.subject()) || caller.wholeTenant();
    }

    private Future<Optional<Known>> mine(Caller caller, CallId call) {
        return parts.blocking().call(() -> parts.store().find(call, caller.tenant()));
    }

    /** A call that may be, on its way. */
    private record Order(
            Caller caller, TenantTerms terms, ModelPolicy models, CallWish wish, SessionId id, SessionPermit permit) {
        String settings() {
            return wish.session().toString();
        }
    }

    /** Goes on with a call that its caller may have, and that counts as a session from here on. */
    private Future<Outcome> admitted(
            Caller caller, Tenant tenant, ObjectNode settings, @Nullable ModelName named, Next next) {
        Optional<Refusal> closed = parts.registry()
                .refusal()
                .or(() -> parts.services().ledger().healthy()
                        ? Optional.empty()
                        : Optional.of(parts.services().ledger().full().retryAfter(RETRY_SOON)));
        if (closed.isPresent()) {
            return refused(closed.get());
        }
        TenantTerms terms = new TenantTerms(tenant);
        ModelPolicy models =
                new ModelPolicy(parts.services().prices(), parts.services().ticker(), terms, caller);
        return switch (CallWish.of(settings, named, caller, tenant, models)) {
            case CallWish.Outcome.Barred(Refusal refusal) -> refused(refusal);
            case CallWish.Outcome.Fine(CallWish wish) -> {
                SessionId id = SessionId.random();
                yield parts.admission()
                        .openSession(new SessionRequest(id, tenant, caller.subject(), wish.model()))
                        .compose(decision -> switch (decision) {
                            case SessionDecision.Refused(Refusal refusal) -> refused(refusal);
                            case SessionDecision.Admitted(SessionPermit permit) ->
                                used(new Order(caller, terms, models, wish, id, permit), next);
                        });
            }
        };
    }

    private interface Next {
        Future<Outcome> go(Order order);
    }

    /** A secret for one session is used up when that session is admitted, and not by a refusal. */
    private Future<Outcome> used(Order order, Next next) {
        Binding binding = order.caller().binding();
        if (binding == null || !binding.singleUse()) {
            return next.go(order);
        }
        return parts.secrets().apply(binding).transform(used -> {
            if (used.succeeded() && used.result()) {
                return next.go(order);
            }
            order.permit().release();
            return refused(used.succeeded() ? USED_UP : AWAY);
        });
    }

    private Future<Outcome> begun(Order order, Account account, @Nullable String location, Buffer sdp) {
        Optional<CallId> call = location == null ? Optional.empty() : CallId.ofLocation(location);
        if (call.isEmpty()) {
            LOGGER.atError().addKeyValue("account", account.name()).log("a call was begun that has no id");
            return givenBack(order, account, AWAY);
        }
        return attach(order, account, call.get(), new Outcome.Begun(call.get(), sdp.toString()));
    }

    /** The call is up: it is written down, so that it survives this node, and metered. Else it is ended. */
    private Future<Outcome> attach(Order order, Account account, CallId id, Outcome whenAttached) {
        LiveCall call = new LiveCall(
                id,
                account.name(),
                order.caller(),
                order.wish().asked(),
                order.wish().model(),
                parts.services().ticker().now());
        long epoch = parts.node().epoch();
        return parts.blocking().call(() -> parts.store().begin(call, epoch)).transform(written -> {
            if (written.failed()) {
                return keeper.end(call, "not_written").compose(_ -> givenBack(order, account, AWAY));
            }
            if (!written.result()) { // somebody has it, and serves it
                return givenBack(order, account, UNKNOWN);
            }
            return new Attachment(
                            parts,
                            call,
                            order.terms(),
                            order.models(),
                            order.id(),
                            order.permit(),
                            account,
                            keeper.line(call))
                    .begin()
                    .compose(result -> switch (result) {
                        case Attachment.Result.Attached _ -> Future.succeededFuture(whenAttached);
                        case Attachment.Result.Failed(boolean _, Refusal refusal) ->
                            keeper.end(call, refusal.code()).compose(_ -> refused(refusal));
                    });
        });
    }

    private static Future<Outcome> givenBack(Order order, Account account, Refusal refusal) {
        order.permit().release();
        account.giveBack();
        return refused(refusal);
    }

    private static Future<Outcome> refused(Refusal refusal) {
        return Future.succeededFuture(new Outcome.Refused(refusal));
    }
}
