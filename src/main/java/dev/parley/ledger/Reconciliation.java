package dev.parley.ledger;

import dev.parley.domain.ModelName;
import dev.parley.domain.TokenUsage;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.ledger.UsageEntry.Work;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Holds a provider's report against the ledger, and says what would make them agree. */
public final class Reconciliation {
    private final PriceBook prices;
    private final Instant now;

    /** @param now a time that is not over cannot be corrected */
    public Reconciliation(PriceBook prices, Instant now) {
        this.prices = prices;
        this.now = now;
    }

    /**
     * One line of the report beside the ledger.
     *
     * @param ours every figure
     * @param differences theirs less ours, of the figures that the report tells and that differ
     */
    public record Compared(ReportLine line, Map<Figure, Long> ours, Map<Figure, Long> differences, Remedy remedy) {
        public Compared {
            ours = Map.copyOf(ours);
            differences = Map.copyOf(differences);
        }

        /** Whether the provider has seen something here that the ledger has not, and that cannot be left at that. */
        public boolean unexplained() {
            return switch (remedy) {
                case Remedy.Nothing _ -> false;
                case Remedy.Hindered _ -> true;
                case Remedy.Correction correction -> correction.costNano() > 0;
            };
        }
    }

    /** What to do about a line. */
    public sealed interface Remedy {
        /** It agrees in all that can be corrected. */
        record Nothing() implements Remedy {}

        /** It differs and cannot be corrected, for this reason. */
        record Hindered(String why) implements Remedy {}

        /**
         * An adjustment of the ledger.
         *
         * @param amounts what it adds, without the cost; may be negative
         * @param priceVersion 0 if the report told the cost
         */
        record Correction(Work work, Map<Figure, Long> amounts, int priceVersion, long costNano) implements Remedy {
            public Correction {
                amounts = Map.copyOf(amounts);
            }
        }
    }

    /** @param ours what the ledger holds for each of the lines */
    public List<Compared> compare(List<ReportLine> lines, List<Map<Figure, Long>> ours) {
        List<Compared> all = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            ReportLine line = lines.get(i);
            Map<Figure, Long> differences = differences(line, ours.get(i));
            Remedy remedy = toldTwice(line, lines)
                    ? new Remedy.Hindered("the report tells these costs by model, too")
                    : remedy(line, ours.get(i), differences);
            all.add(new Compared(line, ours.get(i), differences, remedy));
        }
        return all;
    }

    private static Map<Figure, Long> differences(ReportLine line, Map<Figure, Long> ours) {
        Map<Figure, Long> differences = new EnumMap<>(Figure.class);
        line.figures().forEach((figure, theirs) -> {
            long difference = Math.subtractExact(theirs, ours.getOrDefault(figure, 0L));
            if (difference != 0) {
                differences.put(figure, difference);
            }
        });
        return differences;
    }

    private static boolean toldTwice(ReportLine line, List<ReportLine> lines) {
        return line.model().equals(ReportLine.ALL_MODELS)
                && lines.stream()
                        .anyMatch(other -> !other.model().equals(ReportLine.ALL_MODELS)
                                && other.from().isBefore(line.to())
                                && line.from().isBefore(other.to()));
    }

    private Remedy remedy(ReportLine line, Map<Figure, Long> ours, Map<Figure, Long> differences) {
        Map<Figure, Long> amounts = new EnumMap<>(Figure.class);
        amounts.putAll(differences);
        amounts.remove(Figure.REQUESTS); // an adjustment is not a request
        if (amounts.isEmpty()) {
            return new Remedy.Nothing();
        }
        if (line.to().isAfter(now)) {
            return new Remedy.Hindered("this time is not over yet");
        }
        Optional<PricedModel> model = find(line);
        boolean all = line.model().equals(ReportLine.ALL_MODELS);
        if (!all && model.isEmpty() && ours.values().stream().allMatch(amount -> amount == 0)) {
            return new Remedy.Hindered("neither the catalogue nor the ledger knows this model");
        }
        if (line.figures().containsKey(Figure.COST)) {
            Long cost = amounts.remove(Figure.COST);
            return new Remedy.Correction(work(line, model), amounts, 0, cost == null ? 0 : cost);
        }
        return model.<Remedy>map(priced -> new Remedy.Correction(
                        work(line, model),
                        amounts,
                        priced.priceVersion(),
                        Math.subtractExact(cost(priced, merged(ours, line.figures())), cost(priced, ours))))
                .orElseGet(() -> new Remedy.Hindered("the price of this model is not known: give its costs as well"));
    }

    private Optional<PricedModel> find(ReportLine line) {
        if (line.model().equals(ReportLine.ALL_MODELS)) {
            return Optional.empty();
        }
        return prices.find(new ModelName(line.model()), line.from())
                .or(() -> prices.find(new ModelName(line.family()), line.from()));
    }

    private static Work work(ReportLine line, Optional<PricedModel> model) {
        return model.map(priced -> switch (priced.kind()) {
                    case CONVERSATION -> Work.RESPONSE;
                    case TRANSCRIPTION -> Work.TRANSCRIPTION;
                    case TRANSLATION -> Work.TRANSLATION;
                })
                .orElse(line.figures().containsKey(Figure.MILLIS) ? Work.TRANSCRIPTION : Work.RESPONSE);
    }

    private static Map<Figure, Long> merged(Map<Figure, Long> ours, Map<Figure, Long> theirs) {
        Map<Figure, Long> merged = new EnumMap<>(Figure.class);
        merged.putAll(ours);
        merged.putAll(theirs);
        return merged;
    }

    private static long cost(PricedModel model, Map<Figure, Long> used) {
        if (model.rates().timeBilled()) {
            return model.cost(count(used, Figure.MILLIS)).value();
        }
        TokenUsage tokens = new TokenUsage(
                count(used, Figure.TEXT_IN),
                count(used, Figure.AUDIO_IN),
                count(used, Figure.IMAGE_IN),
                count(used, Figure.CACHED_TEXT),
                count(used, Figure.CACHED_AUDIO),
                count(used, Figure.CACHED_IMAGE),
                count(used, Figure.TEXT_OUT),
                count(used, Figure.AUDIO_OUT),
                0);
        return model.cost(tokens).value();
    }

    private static long count(Map<Figure, Long> used, Figure figure) {
        return Math.max(0, used.getOrDefault(figure, 0L));
    }
}
