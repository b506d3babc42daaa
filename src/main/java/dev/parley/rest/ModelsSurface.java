package dev.parley.rest;

import dev.parley.auth.Caller;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.ledger.PriceBook;
import dev.parley.session.ModelPolicy;
import dev.parley.session.TenantTerms;
import dev.parley.tenancy.Tenant;
import io.vertx.core.Future;
import java.util.List;

/** {@code GET /v1/models} and {@code GET /v1/models/NAME}. */
final class ModelsSurface implements Surface {
    private static final String PATH = "/v1/models";
    private static final int NAME_LENGTH_MAX = 128;

    private final PriceBook prices;
    private final Ticker ticker;

    ModelsSurface(PriceBook prices, Ticker ticker) {
        this.prices = prices;
        this.ticker = ticker;
    }

    @Override
    public List<Route> routes() {
        return List.of(new Route("GET", PATH), new Route("GET", PATH + "/{model}"));
    }

    @Override
    public Future<Answer> answer(Call call, Caller caller, Tenant tenant) {
        ModelPolicy policy = new ModelPolicy(prices, ticker, new TenantTerms(tenant), caller);
        ModelList list = new ModelList(policy, tenant, caller, ticker.now());
        return Future.succeededFuture(
                call.path().equals(PATH)
                        ? Answer.ok(list.all())
                        : one(list, call.path().substring(PATH.length() + 1)));
    }

    private static Answer one(ModelList list, String asked) {
        Answer none =
                Answer.refused(Refusal.of(Kind.NOT_FOUND, "model_not_found", "There is no such model that you may use.")
                        .param("model"));
        return asked.isEmpty() || asked.length() > NAME_LENGTH_MAX
                ? none
                : list.one(new ModelName(asked)).map(Answer::ok).orElse(none);
    }
}
