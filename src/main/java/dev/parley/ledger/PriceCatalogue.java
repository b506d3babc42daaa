package dev.parley.ledger;

import dev.parley.domain.ModelName;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One snapshot of the catalogue and its price book. Immutable. */
public final class PriceCatalogue implements PriceBook {
    private final Map<ModelName, History> models;
    private final Map<ModelName, ModelName> aliases;

    /** @param aliases other names of models; one goes before a model of the same name */
    public PriceCatalogue(List<Version> versions, Map<ModelName, ModelName> aliases) {
        Map<ModelName, History> all = new HashMap<>();
        for (Version version : versions) {
            all.computeIfAbsent(version.model().name(), _ -> new History(version.shutdownAt(), new TreeMap<>()))
                    .byStart()
                    .put(version.validFrom(), version.model());
        }
        this.models = Map.copyOf(all);
        this.aliases = Map.copyOf(aliases);
    }

    @Override
    public Optional<PricedModel> find(ModelName model, Instant at) {
        return Optional.ofNullable(models.get(model)).flatMap(history -> history.at(at));
    }

    @Override
    public Collection<PricedModel> models(Instant at) {
        return models.values().stream()
                .flatMap(history -> history.at(at).stream())
                .sorted((one, other) ->
                        one.name().value().compareTo(other.name().value()))
                .toList();
    }

    @Override
    public ModelName resolve(ModelName asked) {
        return aliases.getOrDefault(asked, asked);
    }

    @Override
    public Set<ModelName> aliasesOf(ModelName model) {
        return aliases.entrySet().stream()
                .filter(alias -> alias.getValue().equals(model))
                .map(Map.Entry::getKey)
                .collect(Collectors.toUnmodifiableSet());
    }

    @Override
    public Optional<Known> known(ModelName model) {
        return Optional.ofNullable(models.get(model)).map(History::known);
    }

    /** With the newest prices that there are, in force or not, shut down or not. */
    Optional<PricedModel> last(ModelName model) {
        return Optional.ofNullable(models.get(model))
                .map(history -> history.byStart().lastEntry().getValue());
    }

    /**
     * A model with the prices in force from a moment on.
     *
     * @param shutdownAt from when the provider refuses the model; null if that is not known
     */
    public record Version(
            PricedModel model, Instant validFrom, @Nullable Instant shutdownAt) {}

    private record History(@Nullable Instant shutdownAt, NavigableMap<Instant, PricedModel> byStart) {
        Known known() {
            return new Known(byStart.lastEntry().getValue().kind(), Optional.ofNullable(shutdownAt));
        }

        Optional<PricedModel> at(Instant moment) {
            if (shutdownAt != null && !moment.isBefore(shutdownAt)) {
                return Optional.empty();
            }
            Map.Entry<Instant, PricedModel> entry = byStart.floorEntry(moment);
            return entry == null ? Optional.empty() : Optional.of(entry.getValue());
        }
    }
}
