package dev.parley.turn;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.domain.ModelName;
import dev.parley.domain.TokenUsage;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.ledger.UsageEntry.Work;
import dev.parley.protocol.UsageReport;
import dev.parley.relay.Delivery;
import dev.parley.session.Cover;
import dev.parley.session.Settlement;
import dev.parley.session.UsageFiler;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;

/** Prices a response that has ended, and files it. On the session's event loop. */
final class Settler {
    private static final int STATUS_CHARS_MAX = 32;

    private final TurnParts parts;

    Settler(TurnParts parts) {
        this.parts = parts;
    }

    /**
     * @param usage what the provider told, if anything
     * @param done goes to the client when the entry is committed
     */
    Future<Delivery> settle(
            TurnResponse response,
            Cover cover,
            SharedUpstream upstream,
            String id,
            String status,
            JsonNode usage,
            Buffer done) {
        ModelName name = parts.price().model().name();
        PricedModel model =
                parts.order().models().find(name).orElse(parts.price().model());
        Settlement settlement = UsageReport.of(usage)
                .map(report ->
                        Settlement.reported(report, model, response.wish().textOnly()))
                .orElseGet(() -> Settlement.estimated(estimate(response, status, model), model));
        return parts.filer()
                .file(
                        cover,
                        new UsageFiler.Item(
                                Work.RESPONSE,
                                id,
                                status.length() <= STATUS_CHARS_MAX ? status : status.substring(0, STATUS_CHARS_MAX),
                                model,
                                settlement),
                        new UsageFiler.Source(
                                upstream.scope(),
                                upstream.session().id(),
                                upstream.session().account(),
                                upstream.model()),
                        Delivery.replaced(done));
    }

    /** A failed response that delivered nothing has most likely cost nothing: the provider's own figure is zero then. */
    private static TokenUsage estimate(TurnResponse response, String status, PricedModel model) {
        TokenUsage estimate = response.delivered()
                .estimate(
                        response.wish().input(),
                        model.contextTokensMax(),
                        response.wish().outputBytesPerMilli());
        return status.equals("failed") && estimate.output() == 0 ? TokenUsage.NONE : estimate;
    }
}
