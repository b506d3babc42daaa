package dev.parley.rest;

import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.quota.SessionPermit.WorstCase;
import dev.parley.session.ModelPolicy;
import dev.parley.session.TranscriptionPrice;
import java.util.Comparator;
import java.util.Optional;

/**
 * What transcribing a file can cost, before its model or its length may be known: the dearest model that the caller may use,
 * and the longest audio that its bytes can hold. Pure.
 */
final class UploadPrice {
    private static final int NAME_LENGTH_MAX = 128;
    /** One token of audio is a tenth of a second. */
    private static final long MILLIS_PER_TOKEN = 100;

    private final ModelPolicy models;

    UploadPrice(ModelPolicy models) {
        this.models = models;
    }

    /** Why a model cannot transcribe a file for this caller, or empty. */
    Optional<Refusal> refusal(Optional<String> model) {
        String name = model.orElse("");
        return name.isEmpty() || name.length() > NAME_LENGTH_MAX
                ? Optional.of(Refusal.of(
                                Kind.BAD_REQUEST,
                                "missing_required_parameter",
                                "'model' must name a transcription model.")
                        .param("model"))
                : models.refusal(models.resolve(new ModelName(name)), ModelKind.TRANSCRIPTION, "model");
    }

    /** What the client's name for a model stands for. */
    String resolve(String name) {
        return name.isEmpty() || name.length() > NAME_LENGTH_MAX
                ? name
                : models.resolve(new ModelName(name)).value();
    }

    /** The model with its prices; if it is not named yet, the dearest one. Empty if there is none. */
    Optional<PricedModel> model(Optional<String> name, long millis) {
        return name.isPresent()
                ? models.find(models.resolve(new ModelName(name.get())))
                : models.all().stream()
                        .filter(model -> model.kind() == ModelKind.TRANSCRIPTION)
                        .max(Comparator.comparing(model -> TranscriptionPrice.atMost(bounded(millis, model), model)));
    }

    static WorstCase worstCase(long millis, PricedModel model) {
        long most = bounded(millis, model);
        return WorstCase.ofFixed(TranscriptionPrice.atMost(most, model), TranscriptionPrice.tokensAtMost(most, model));
    }

    /** A model that is billed by tokens takes no more than its context. */
    private static long bounded(long millis, PricedModel model) {
        return model.rates().timeBilled() ? millis : Math.min(millis, model.contextTokensMax() * MILLIS_PER_TOKEN);
    }
}
