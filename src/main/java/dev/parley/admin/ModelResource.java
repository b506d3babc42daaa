package dev.parley.admin;

import dev.parley.administration.Permission;
import dev.parley.administration.PriceList;
import dev.parley.administration.PriceList.NewModel;
import dev.parley.administration.Reports;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The catalogue and its prices. A price is never changed: a new one is a new version, from a time on. */
final class ModelResource {
    private static final long RATE_MAX = 1_000_000_000_000L;
    private static final long TOKENS_MAX = 100_000_000;
    private static final int NAME_MAX = 128;
    /** Stands in until the mistakes are told. */
    private static final ModelName NAMELESS = new ModelName("-");

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
                Endpoint.create("/models", Permission.PRICES_WRITE, this::addModel),
                Endpoint.change(HttpMethod.PATCH, "/models/{model}", Permission.PRICES_WRITE, this::change),
                Endpoint.create("/models/{model}/prices", Permission.PRICES_WRITE, this::add));
    }

    private Answer addModel(Call call) {
        Fields fields = call.fields();
        ModelName name = fields.parsed("name", NAME_MAX, ModelName::new).orElse(NAMELESS);
        if (!fields.has("name")) {
            fields.mistake("name", "is required");
        }
        ModelKind kind = fields.parsed("kind", NAME_MAX, ModelKind::of).orElse(ModelKind.CONVERSATION);
        long context = fields.number("context_tokens_max", 0, TOKENS_MAX).orElse(0L);
        long output = fields.number("output_tokens_max", 0, TOKENS_MAX).orElse(0L);
        if (kind == ModelKind.CONVERSATION && (context == 0 || output == 0)) {
            fields.mistake(
                    context == 0 ? "context_tokens_max" : "output_tokens_max",
                    "a conversation model has a bound for it");
        }
        Instant shutdownAt = fields.time("shutdown_at").orElse(null);
        fields.done();
        NewModel model = new NewModel(name, kind, context, Math.toIntExact(output), shutdownAt);
        return changes.inTransaction(() -> {
            if (!prices.addModel(model)) {
                throw Problem.conflict("There is a model '" + name + "' already.");
            }
            JsonObject made = model(name.value());
            changes.note(call, "model.add", "model/" + name, null, made);
            return Answer.created(made);
        });
    }

    /** Only what its provider may say of a model later on: all else says what was priced with it. */
    private Answer change(Call call) {
        String name = call.path("model");
        long generation = call.ifMatch();
        Fields fields = call.fields();
        Instant shutdownAt = fields.time("shutdown_at").orElse(null);
        if (!fields.has("shutdown_at")) {
            fields.mistake("shutdown_at", "is required: a time, or null if the provider has not said so");
        }
        fields.done();
        return changes.inTransaction(() -> {
            JsonObject before = model(name);
            if (!prices.changeShutdown(name, generation, shutdownAt)) {
                throw Problem.changedMeanwhile();
            }
            JsonObject after = model(name);
            changes.note(call, "model.change", "model/" + name, before, after);
            return Answer.ok(after).version(after.getLong("generation"));
        });
    }

    private JsonObject model(String name) {
        return reports.models().stream()
                .filter(model -> model.getString("name").equals(name))
                .findFirst()
                .orElseThrow(() -> Problem.notFound("There is no model '" + name + "'."));
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
        if (byToken && ModelKind.of(model(model).getString("kind")) == ModelKind.TRANSLATION) {
            fields.mistake("minute_nano", "is required: translations are billed by time");
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
