package dev.parley.rest;

import dev.parley.auth.Caller;
import dev.parley.concurrent.Blocking;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.Refusal;
import dev.parley.ledger.UsageBook;
import dev.parley.ledger.UsageBook.Question;
import dev.parley.quota.Limit;
import dev.parley.quota.LimitSource;
import dev.parley.tenancy.Tenant;
import io.vertx.core.Future;
import java.util.List;

/** {@code GET /v1/usage}. */
final class UsageSurface implements Surface {
    private final UsageBook usage;
    private final LimitSource limits;
    private final Blocking blocking;
    private final Ticker ticker;

    UsageSurface(UsageBook usage, LimitSource limits, Blocking blocking, Ticker ticker) {
        this.usage = usage;
        this.limits = limits;
        this.blocking = blocking;
        this.ticker = ticker;
    }

    @Override
    public List<Route> routes() {
        return List.of(new Route("GET", "/v1/usage"));
    }

    @Override
    public Future<Answer> answer(Call call, Caller caller, Tenant tenant) {
        return switch (UsageRequest.read(call.parameters(), caller, ticker.now())) {
            case UsageRequest.Outcome.Invalid(Refusal refusal) -> Future.succeededFuture(Answer.refused(refusal));
            case UsageRequest.Outcome.Asked(Question question) -> {
                List<Limit> mine = limits.of(tenant, caller.subject()).stream()
                        .filter(limit -> caller.wholeTenant() || limit.subject() != null)
                        .toList();
                yield blocking.call(() -> Answer.ok(UsageAnswer.of(
                        question, usage.usage(question), mine, usage.used(caller.tenant(), caller.subject()))));
            }
        };
    }
}
