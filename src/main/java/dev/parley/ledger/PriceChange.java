package dev.parley.ledger;

import dev.parley.ledger.PriceBook.Known;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.ledger.PriceOffer.PriceClass;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a price file would change of one model.
 *
 * @param isNew whether the catalogue does not know the model
 * @param rates in force when it is applied
 * @param differences of the prices, for people to judge; empty if they stay
 * @param shutdownAt in force when it is applied; null: not known
 * @param shutdownMoves whether that is another than before
 */
public record PriceChange(
        PriceOffer offer,
        boolean isNew,
        Rates rates,
        List<Difference> differences,
        @Nullable Instant shutdownAt,
        boolean shutdownMoves) {
    public PriceChange {
        differences = List.copyOf(differences);
    }

    /** One price, in nano-dollars. */
    public record Difference(PriceClass of, long before, long after) {}

    /** Whether there is anything to apply. */
    public boolean changes() {
        return isNew || shutdownMoves || !differences.isEmpty();
    }

    /** Compares with what is in force now. A model that was shut down is compared with what it cost last. */
    public static PriceChange of(PriceOffer offer, PriceCatalogue catalogue) {
        Optional<PricedModel> last = catalogue.last(offer.name());
        Rates before = last.map(PricedModel::rates).orElse(null);
        Rates after = offer.over(before);
        List<Difference> differences = new ArrayList<>();
        for (PriceClass one : PriceClass.values()) {
            long was = before == null ? 0 : one.of(before);
            if (was != one.of(after)) {
                differences.add(new Difference(one, was, one.of(after)));
            }
        }
        Instant known = catalogue.known(offer.name()).flatMap(Known::shutdown).orElse(null);
        Instant told = offer.shutdownAt();
        boolean moves = told != null && !told.equals(known);
        return new PriceChange(offer, last.isEmpty(), after, differences, told == null ? known : told, moves);
    }
}
