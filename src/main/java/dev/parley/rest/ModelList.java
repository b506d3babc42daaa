package dev.parley.rest;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.auth.Caller;
import dev.parley.domain.ModelName;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.ledger.Rates;
import dev.parley.session.ModelPolicy;
import dev.parley.tenancy.Tenant;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Optional;

/** {@code GET /v1/models}: OpenAI's list, with what the broker knows besides. Prices in USD per million tokens, or per minute. */
final class ModelList {
    /** From nano-dollars for one token to dollars for a million. */
    private static final int PER_MILLION = 3;

    private static final int NANO = 9;

    private final ModelPolicy models;
    private final Tenant tenant;
    private final Caller caller;
    private final Instant now;

    ModelList(ModelPolicy models, Tenant tenant, Caller caller, Instant now) {
        this.models = models;
        this.tenant = tenant;
        this.caller = caller;
        this.now = now;
    }

    ObjectNode all() {
        ObjectNode list = JsonNodeFactory.instance.objectNode().put("object", "list");
        ArrayNode data = list.putArray("data");
        models.all().forEach(model -> data.add(entry(model)));
        return list;
    }

    /** By its name or an alias; empty if this caller may not use it. */
    Optional<ObjectNode> one(ModelName asked) {
        ModelName name = models.resolve(asked);
        return models.all().stream()
                .filter(model -> model.name().equals(name))
                .findFirst()
                .map(this::entry);
    }

    private ObjectNode entry(PricedModel model) {
        ObjectNode entry = JsonNodeFactory.instance.objectNode();
        entry.put("id", model.name().value());
        entry.put("object", "model").put("created", 0).put("owned_by", "upstream");
        entry.put("kind", model.kind().label());
        ArrayNode aliases = entry.putArray("aliases");
        models.aliasesOf(model.name()).stream().map(ModelName::value).sorted().forEach(aliases::add);
        if (!model.rates().timeBilled()) {
            entry.put("context_tokens_max", model.contextTokensMax());
            entry.put(
                    "output_tokens_max",
                    Math.min(
                            Math.min(model.outputTokensMax(), tenant.outputTokensMax()),
                            caller.outputTokensMax().orElse(Integer.MAX_VALUE)));
        }
        Optional<Instant> shutdown = models.shutdownAt(model.name());
        entry.put("shutdown_date", shutdown.map(ModelList::day).orElse(null));
        shutdown.filter(at -> at.isBefore(now.plus(ModelPolicy.SHUTDOWN_WARNING)))
                .ifPresent(at -> entry.put("warning", "The provider shuts this model down on " + day(at) + "."));
        entry.set("prices", prices(model));
        return entry;
    }

    private static ObjectNode prices(PricedModel model) {
        Rates rates = model.rates();
        ObjectNode prices =
                JsonNodeFactory.instance.objectNode().put("currency", "USD").put("version", model.priceVersion());
        if (rates.timeBilled()) {
            return prices.put("per_minute", usd(rates.perMinute(), NANO));
        }
        prices.put("per_tokens", 1_000_000);
        prices.set(
                "text", modality(rates.textIn(), rates.cachedText()).put("output", usd(rates.textOut(), PER_MILLION)));
        prices.set(
                "audio",
                modality(rates.audioIn(), rates.cachedAudio()).put("output", usd(rates.audioOut(), PER_MILLION)));
        prices.set("image", modality(rates.imageIn(), rates.cachedImage()));
        return prices;
    }

    private static ObjectNode modality(long fresh, long cached) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("input", usd(fresh, PER_MILLION))
                .put("cached_input", usd(cached, PER_MILLION));
    }

    private static BigDecimal usd(long nano, int places) {
        return new BigDecimal(
                BigDecimal.valueOf(nano, places).stripTrailingZeros().toPlainString());
    }

    private static String day(Instant at) {
        return at.atOffset(ZoneOffset.UTC).toLocalDate().toString();
    }
}
