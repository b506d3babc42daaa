package dev.parley.ledger;

import java.time.Instant;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What a provider says was used of one model from a moment until another. Whole minutes.
 *
 * @param model its name, or {@link #ALL_MODELS}
 * @param figures only what the report tells: a figure that is not there is not known, which is not 0
 */
public record ReportLine(Instant from, Instant to, String model, Map<Figure, Long> figures) {
    public static final String ALL_MODELS = "*";

    private static final long MINUTE = 60;
    private static final int MODEL_LENGTH_MAX = 128;
    private static final Pattern SNAPSHOT = Pattern.compile("-[0-9]{4}-[0-9]{2}-[0-9]{2}$");

    public ReportLine {
        figures = Map.copyOf(figures);
        if (!from.isBefore(to) || from.getEpochSecond() % MINUTE != 0 || to.getEpochSecond() % MINUTE != 0) {
            throw new IllegalArgumentException("from " + from + " to " + to + " is not a time of whole minutes");
        }
        if (model.isEmpty() || model.length() > MODEL_LENGTH_MAX) {
            throw new IllegalArgumentException(
                    "names no model, or one of more than " + MODEL_LENGTH_MAX + " characters");
        }
        figures.forEach((figure, amount) -> {
            if (amount < 0 && figure != Figure.COST) { // a credit is a negative cost
                throw new IllegalArgumentException(
                        "has a negative number of " + figure.name().toLowerCase(Locale.ROOT));
            }
        });
        checkPart(figures, Figure.CACHED_TEXT, Figure.TEXT_IN);
        checkPart(figures, Figure.CACHED_AUDIO, Figure.AUDIO_IN);
        checkPart(figures, Figure.CACHED_IMAGE, Figure.IMAGE_IN);
    }

    private static void checkPart(Map<Figure, Long> figures, Figure part, Figure whole) {
        Long all = figures.get(whole);
        if (all != null && figures.getOrDefault(part, 0L) > all) {
            throw new IllegalArgumentException("has more " + part.name().toLowerCase(Locale.ROOT)
                    + ", which is a part, than " + whole.name().toLowerCase(Locale.ROOT));
        }
    }

    /** The model without the date of its snapshot: providers report that, clients ask for the name without it. */
    public String family() {
        return SNAPSHOT.matcher(model).replaceFirst("");
    }

    /** Of the same model and time, such as of another project. */
    ReportLine plus(ReportLine other) {
        Map<Figure, Long> sum = new EnumMap<>(Figure.class);
        sum.putAll(figures);
        other.figures.forEach((figure, amount) -> sum.merge(figure, amount, Math::addExact));
        return new ReportLine(from, to, model, sum);
    }
}
