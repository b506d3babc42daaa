package dev.parley.administration;

import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Takes new prices. Blocks; part of the transaction around it. */
public interface PriceList {
    /** What a price is made of: nano-dollars per token and class, or per minute. */
    java.util.List<String> RATES = java.util.List.of(
            "text_in_nano",
            "text_cached_nano",
            "text_out_nano",
            "audio_in_nano",
            "audio_cached_nano",
            "audio_out_nano",
            "image_in_nano",
            "image_cached_nano",
            "minute_nano");

    /**
     * Adds a model to the catalogue; it can be used when it has a price.
     *
     * @return whether there was none of this name
     */
    boolean addModel(NewModel model);

    /**
     * Changes the time from which a model's provider refuses it.
     *
     * @param shutdownAt null: it has not said so
     * @return false if the model has another generation than this one, or there is no such model
     */
    boolean changeShutdown(String model, long generation, @Nullable Instant shutdownAt);

    /**
     * Adds the next version of a model's price.
     *
     * @param rates by the names of {@link #RATES}; what is not there costs nothing
     * @return its version
     * @throws IllegalArgumentException if there is no such model, or a version with this very time
     */
    int add(String model, Instant validFrom, Map<String, Long> rates);

    /**
     * A model as its provider describes it.
     *
     * @param contextTokensMax the most input tokens that one response can be billed for
     * @param outputTokensMax the largest output that the provider takes; 0 when the model is billed by time
     * @param shutdownAt from then on the provider refuses it; null if it has not said so
     */
    record NewModel(
            ModelName name,
            ModelKind kind,
            long contextTokensMax,
            int outputTokensMax,
            @Nullable Instant shutdownAt) {}
}
