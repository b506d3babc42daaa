package dev.parley.rest;

import dev.parley.auth.Caller;
import dev.parley.dialect.Dialect;
import dev.parley.domain.ModelKind;
import dev.parley.domain.Refusal;
import dev.parley.domain.SessionId;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.quota.SessionPermit;
import dev.parley.session.ModelPolicy;
import dev.parley.session.SessionOrder;
import dev.parley.session.TenantTerms;
import dev.parley.session.Underwriter;
import dev.parley.session.Underwriter.Decision;
import dev.parley.tenancy.Tenant;
import io.vertx.core.Future;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What one caller may have transcribed and at which price; holds the caller's place until it is released. One event loop. */
final class UploadTerms {
    private final AudioTranscriptions parts;
    private final SessionOrder order;
    private final UploadPrice price;
    private @Nullable SessionPermit permit;
    private @Nullable PricedModel model;

    UploadTerms(AudioTranscriptions parts, SessionId id, Caller caller, Tenant tenant, SessionPermit permit) {
        TenantTerms terms = new TenantTerms(tenant);
        ModelPolicy models = new ModelPolicy(parts.services().prices(), parts.ticker(), terms, caller);
        this.parts = parts;
        this.price = new UploadPrice(models);
        this.order =
                new SessionOrder(id, terms, caller, ModelKind.TRANSCRIPTION, null, null, Dialect.GA, models, permit);
        this.permit = permit;
    }

    SessionOrder order() {
        return order;
    }

    /** What the client's name for a model stands for. */
    String resolve(String name) {
        return price.resolve(name);
    }

    /** Known when something is covered. */
    PricedModel model() {
        return Objects.requireNonNull(model);
    }

    /**
     * Sets the worst case aside, of what is known of the form.
     *
     * @param bytes that the file can have
     */
    Future<Decision> cover(MultipartScan form, long bytes) {
        Optional<String> name = form.field("model");
        Optional<Refusal> barred = name.isPresent() ? price.refusal(name) : Optional.empty();
        long millis = form.file().millisAtMost(bytes);
        Optional<PricedModel> found = barred.isPresent() ? Optional.empty() : price.model(name, millis);
        if (found.isEmpty()) {
            return refused(barred.or(() -> price.refusal(name)).orElseGet(UploadRefusals::unavailable));
        }
        model = found.get();
        SessionPermit mine = order.permit();
        Future<Optional<Refusal>> counted = mine.countsAudio()
                ? mine.countAudio(form.file().millisLikely(bytes))
                : Future.succeededFuture(Optional.empty());
        return counted.compose(refusal -> refusal.isPresent()
                ? refused(refusal.get())
                : new Underwriter(mine, parts.services().ledger()).cover(UploadPrice.worstCase(millis, found.get())));
    }

    /** Why a form that is whole does not go on, or empty: what stood behind the file is known only now. */
    Optional<Refusal> judge(MultipartScan form) {
        if (form.files() != 1 || form.fileBytes() == 0) {
            return Optional.of(UploadRefusals.badForm("it must have one file that is not empty")
                    .param("file"));
        }
        Optional<Refusal> refusal = price.refusal(form.field("model"));
        if (refusal.isEmpty()) {
            model = price.model(form.field("model"), 0).orElse(model);
        }
        return refusal;
    }

    /** Gives the place back, once. */
    void release() {
        SessionPermit mine = permit;
        permit = null;
        if (mine != null) {
            mine.release();
        }
    }

    private static Future<Decision> refused(Refusal refusal) {
        return Future.succeededFuture(new Decision.Refused(refusal));
    }
}
