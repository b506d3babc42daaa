package dev.parley.administration;

import java.time.Instant;
import java.util.Map;

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
     * Adds the next version of a model's price.
     *
     * @param rates by the names of {@link #RATES}; what is not there costs nothing
     * @return its version
     * @throws IllegalArgumentException if there is no such model, or a version with this very time
     */
    int add(String model, Instant validFrom, Map<String, Long> rates);
}
