package dev.parley.rest;

import dev.parley.auth.Caller;
import dev.parley.auth.Callers;
import dev.parley.auth.Callers.Identity;
import dev.parley.concurrent.Blocking;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.ledger.PriceBook;
import dev.parley.ledger.UsageBook;
import dev.parley.ledger.UsageBook.Question;
import dev.parley.quota.Limit;
import dev.parley.quota.LimitSource;
import dev.parley.session.ModelPolicy;
import dev.parley.session.TenantTerms;
import dev.parley.tenancy.Tenant;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;

/** The routes of the tenant plane that are not sockets. Each asks for a credential first. Thread-safe. */
public final class TenantApi implements Api {
    private static final String MODELS = "/v1/models";
    private static final String USAGE = "/v1/usage";
    private static final Duration RETRY_SOON = Duration.ofSeconds(2);

    private final Callers callers;
    private final PriceBook prices;
    private final UsageBook usage;
    private final LimitSource limits;
    private final Blocking blocking;
    private final Ticker ticker;

    public TenantApi(
            Callers callers, PriceBook prices, UsageBook usage, LimitSource limits, Blocking blocking, Ticker ticker) {
        this.callers = callers;
        this.prices = prices;
        this.usage = usage;
        this.limits = limits;
        this.blocking = blocking;
        this.ticker = ticker;
    }

    @Override
    public boolean serves(String path) {
        return path.equals(MODELS) || path.startsWith(MODELS + '/') || path.equals(USAGE);
    }

    @Override
    public Future<Answer> answer(Call call) {
        if (!call.method().equals("GET")) {
            return refused(Refusal.of(
                    Kind.BAD_REQUEST, "method_not_allowed", call.path() + " is read with GET, and nothing else."));
        }
        return callers.identify(call.credential()).compose(identity -> switch (identity) {
            case Identity.Unknown(Refusal refusal) -> refused(refusal);
            case Identity.Known(Caller caller, Tenant tenant) -> routed(call, caller, tenant);
        });
    }

    private Future<Answer> routed(Call call, Caller caller, Tenant tenant) {
        return call.path().equals(USAGE) ? usage(call, caller, tenant) : models(call, caller, tenant);
    }

    private Future<Answer> models(Call call, Caller caller, Tenant tenant) {
        ModelPolicy policy = new ModelPolicy(prices, ticker, new TenantTerms(tenant), caller);
        ModelList list = new ModelList(policy, tenant, caller, ticker.now());
        if (call.path().equals(MODELS)) {
            return Future.succeededFuture(Answer.ok(list.all()));
        }
        String asked = call.path().substring(MODELS.length() + 1);
        Answer none =
                Answer.refused(Refusal.of(Kind.NOT_FOUND, "model_not_found", "There is no such model that you may use.")
                        .param("model"));
        return Future.succeededFuture(
                asked.isEmpty() || asked.length() > 128
                        ? none
                        : list.one(new ModelName(asked)).map(Answer::ok).orElse(none));
    }

    private Future<Answer> usage(Call call, Caller caller, Tenant tenant) {
        return switch (UsageRequest.read(call.parameters(), caller, ticker.now())) {
            case UsageRequest.Outcome.Invalid(Refusal refusal) -> refused(refusal);
            case UsageRequest.Outcome.Asked(Question question) -> {
                List<Limit> mine = limits.of(tenant, caller.subject()).stream()
                        .filter(limit -> caller.wholeTenant() || limit.subject() != null)
                        .toList();
                yield blocking.call(() -> Answer.ok(UsageAnswer.of(
                                question, usage.usage(question), mine, usage.used(caller.tenant(), caller.subject()))))
                        .recover(TenantApi::away);
            }
        };
    }

    /** Postgres does not answer, or too many ask. */
    private static Future<Answer> away(Throwable failure) {
        return refused(Refusal.of(Kind.OVERLOADED, "server_error", "This cannot be read now; please try again.")
                .retryAfter(RETRY_SOON));
    }

    private static Future<Answer> refused(Refusal refusal) {
        return Future.succeededFuture(Answer.refused(refusal));
    }
}
