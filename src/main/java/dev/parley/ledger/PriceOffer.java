package dev.parley.ledger;

import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a price file says of one model.
 *
 * @param contextTokensMax 0 if it does not say
 * @param outputTokensMax 0 if it does not say
 * @param told nano-dollars per token, or per minute; a class that is not there is not told, which is not free
 * @param shutdownAt null if it does not say
 */
public record PriceOffer(
        ModelName name,
        ModelKind kind,
        long contextTokensMax,
        int outputTokensMax,
        Map<PriceClass, Long> told,
        @Nullable Instant shutdownAt) {
    public PriceOffer {
        told = Map.copyOf(told);
    }

    /** The classes of {@link Rates}, in its order. */
    public enum PriceClass {
        TEXT_IN,
        TEXT_CACHED,
        TEXT_OUT,
        AUDIO_IN,
        AUDIO_CACHED,
        AUDIO_OUT,
        IMAGE_IN,
        IMAGE_CACHED,
        MINUTE;

        /** What the rates say of this class. */
        public long of(Rates rates) {
            return switch (this) {
                case TEXT_IN -> rates.textIn();
                case TEXT_CACHED -> rates.cachedText();
                case TEXT_OUT -> rates.textOut();
                case AUDIO_IN -> rates.audioIn();
                case AUDIO_CACHED -> rates.cachedAudio();
                case AUDIO_OUT -> rates.audioOut();
                case IMAGE_IN -> rates.imageIn();
                case IMAGE_CACHED -> rates.cachedImage();
                case MINUTE -> rates.perMinute();
            };
        }
    }

    /** Whether it is billed by time. */
    public boolean timeBilled() {
        return told.containsKey(PriceClass.MINUTE);
    }

    /** The rates that it makes: what it does not tell stays as it is, and is of a new model as dear as the dearest of its direction. */
    public Rates over(@Nullable Rates now) {
        if (timeBilled()) {
            return rates(Map.of(PriceClass.MINUTE, told.get(PriceClass.MINUTE)));
        }
        Map<PriceClass, Long> all = new EnumMap<>(PriceClass.class);
        for (PriceClass one : PriceClass.values()) {
            Long amount = told.get(one);
            all.put(one, amount != null ? amount : otherwise(one, now));
        }
        all.put(PriceClass.MINUTE, 0L);
        return rates(all);
    }

    private long otherwise(PriceClass one, @Nullable Rates now) {
        if (now != null && !now.timeBilled()) {
            return one.of(now);
        }
        return switch (one) {
            case TEXT_IN, AUDIO_IN, IMAGE_IN ->
                dearest(List.of(PriceClass.TEXT_IN, PriceClass.AUDIO_IN, PriceClass.IMAGE_IN));
            case TEXT_CACHED -> told.getOrDefault(PriceClass.TEXT_IN, otherwise(PriceClass.TEXT_IN, null));
            case AUDIO_CACHED -> told.getOrDefault(PriceClass.AUDIO_IN, otherwise(PriceClass.AUDIO_IN, null));
            case IMAGE_CACHED -> told.getOrDefault(PriceClass.IMAGE_IN, otherwise(PriceClass.IMAGE_IN, null));
            case TEXT_OUT, AUDIO_OUT -> dearest(List.of(PriceClass.TEXT_OUT, PriceClass.AUDIO_OUT));
            case MINUTE -> 0;
        };
    }

    private long dearest(List<PriceClass> of) {
        return of.stream().mapToLong(one -> told.getOrDefault(one, 0L)).max().orElse(0);
    }

    private static Rates rates(Map<PriceClass, Long> all) {
        return new Rates(
                all.getOrDefault(PriceClass.TEXT_IN, 0L),
                all.getOrDefault(PriceClass.TEXT_CACHED, 0L),
                all.getOrDefault(PriceClass.TEXT_OUT, 0L),
                all.getOrDefault(PriceClass.AUDIO_IN, 0L),
                all.getOrDefault(PriceClass.AUDIO_CACHED, 0L),
                all.getOrDefault(PriceClass.AUDIO_OUT, 0L),
                all.getOrDefault(PriceClass.IMAGE_IN, 0L),
                all.getOrDefault(PriceClass.IMAGE_CACHED, 0L),
                all.getOrDefault(PriceClass.MINUTE, 0L));
    }
}
