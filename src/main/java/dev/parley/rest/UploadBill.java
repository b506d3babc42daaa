package dev.parley.rest;

import dev.parley.domain.ModelName;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.ledger.UsageEntry.Work;
import dev.parley.protocol.UsageReport;
import dev.parley.relay.Delivery;
import dev.parley.session.Cover;
import dev.parley.session.Ending;
import dev.parley.session.SessionOrder;
import dev.parley.session.Settlement;
import dev.parley.session.UsageFiler;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;

/** Writes down what one file has cost. One event loop. */
final class UploadBill {
    private static final String REFERENCE = "file/0";

    private final SessionOrder order;
    private final String account;
    private final UsageFiler filer;

    UploadBill(AudioTranscriptions parts, SessionOrder order, String account) {
        Context context = Vertx.currentContext();
        this.order = order;
        this.account = account;
        this.filer = new UsageFiler(context, parts.services(), order, new Alone());
    }

    /** Completes when the entry is committed, with true; false if that takes too long. */
    Future<Boolean> file(Cover cover, UploadAnswer.Outcome outcome, PricedModel model, MultipartScan form) {
        long millis = form.file().millisLikely(form.fileBytes());
        Settlement settlement = outcome instanceof UploadAnswer.Outcome.Told told
                ? UsageReport.of(told.usage())
                        .filter(report -> Settlement.pricedBy(report, model))
                        .map(report -> Settlement.reported(report, model, true))
                        .orElseGet(() -> Settlement.estimated(millis, model))
                : Settlement.estimated(millis, model);
        UsageFiler.Source source = new UsageFiler.Source(order.id().value(), null, account, model.name());
        return filer.file(
                        cover,
                        new UsageFiler.Item(
                                Work.TRANSCRIPTION,
                                REFERENCE,
                                outcome instanceof UploadAnswer.Outcome.Told ? "completed" : "lost",
                                model,
                                settlement,
                                form.field("model").map(ModelName::new).orElse(null)),
                        source,
                        Delivery.asIs())
                .map(delivery -> delivery instanceof Delivery.AsIs);
    }

    /** There is no session that could end. */
    private static final class Alone implements UsageFiler.Owner {
        @Override
        public void end(Ending ending) {
            // the delivery is dropped, and the client told
        }

        @Override
        public void progressed() {
            // nothing waits for the last one
        }
    }
}
