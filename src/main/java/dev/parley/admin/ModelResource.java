package dev.parley.admin;

import dev.parley.administration.Permission;
import dev.parley.administration.PriceList;
import dev.parley.administration.Reports;
import dev.parley.concurrent.Ticker;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The catalogue and its prices. A price is never changed: a new one is a new version, from a time on. */
final class ModelResource {
    private static final long RATE_MAX = 1_000_000_000_000L;

    private final Reports reports;
    private final PriceList prices;
    private final Changes changes;
    private final Ticker ticker;

    ModelResource(Reports reports, PriceList prices, Changes changes, Ticker ticker) {
        this.reports = reports;
        this.prices = prices;
        this.changes = changes;
        this.ticker = ticker;
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get("/models", Permission.PRICES_READ, _ -> Call.list(reports.models())),
                Endpoint.create("/models/{model}/prices", Permission.PRICES_WRITE, this::add));
    }

    private Answer add(Call call) {
        String model = call.path("model");
        Fields fields = call.fields();
        Instant now = ticker.now();
        Instant validFrom = fields.time("valid_from").orElse(now);
        if (validFrom.isBefore(now.minusSeconds(60))) {
            fields.mistake("valid_from", "lies in the past: what was priced stays as it is");
        }
        Map<String, Long> rates = new HashMap<>();
        PriceList.RATES.forEach(rate -> fields.number(rate, 0, RATE_MAX).ifPresent(nanos -> rates.put(rate, nanos)));
        boolean byTime = rates.getOrDefault("minute_nano", 0L) > 0;
        boolean byToken = rates.getOrDefault("text_in_nano", 0L) > 0 && rates.getOrDefault("text_out_nano", 0L) > 0;
        if (byTime == byToken) {
            fields.mistake(
                    "minute_nano",
                    "a price is per minute, or per token with text_in_nano and text_out_nano: one of them");
        }
        fields.done();
        return changes.inTransaction(() -> added(call, model, validFrom, rates));
    }

    private Answer added(Call call, String model, Instant validFrom, Map<String, Long> rates) {
        try {
            int version = prices.add(model, validFrom, rates);
            JsonObject price = new JsonObject()
                    .put("model", model)
                    .put("version", version)
                    .put("valid_from", validFrom.toString());
            PriceList.RATES.forEach(rate -> price.put(rate, rates.getOrDefault(rate, 0L)));
            changes.note(call, "price.add", "model/" + model, null, price);
            return Answer.created(price);
        } catch (IllegalArgumentException refused) {
            throw Problem.conflict(String.valueOf(refused.getMessage()));
        }
    }
}
