package dev.parley.ledger;

import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.TokenUsage;
import java.time.Instant;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;

/** The model catalogue with its prices, as valid at a moment. Immutable snapshots behind; thread-safe, never blocks. */
public interface PriceBook {
    /** The model's entry in force at {@code at}; empty if the catalogue does not know it or has no price for it then. */
    Optional<PricedModel> find(ModelName model, Instant at);

    /** All models in force, for messages that name valid ones. */
    Collection<PricedModel> models(Instant at);

    /** What a client's name for a model stands for: the model behind an operator's alias, else that name. */
    ModelName resolve(ModelName asked);

    /** The other names of a model. */
    Set<ModelName> aliasesOf(ModelName model);

    /** What the catalogue says of a model, also when it is shut down; empty if it has no such row. */
    Optional<Known> known(ModelName model);

    /**
     * A model of the catalogue, in force or not.
     *
     * @param shutdown from when the provider refuses it; empty if that is not known
     */
    record Known(ModelKind kind, Optional<Instant> shutdown) {}

    /**
     * One model with the prices of one version of the price book.
     *
     * @param contextTokensMax the most input a response can be billed for
     * @param outputTokensMax the provider's cap on one response
     */
    record PricedModel(
            ModelName name, ModelKind kind, int priceVersion, long contextTokensMax, int outputTokensMax, Rates rates) {
        /** The cost of a usage by tokens. */
        public NanoUsd cost(TokenUsage usage) {
            return rates.cost(usage);
        }

        /** The cost of {@code millis} of audio, rounded up to a whole nano-dollar. */
        public NanoUsd cost(long millis) {
            return rates.cost(millis);
        }
    }
}
