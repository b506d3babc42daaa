package dev.parley.session;

import dev.parley.auth.Caller;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.ledger.PriceBook;
import dev.parley.ledger.PriceBook.ModelKind;
import dev.parley.ledger.PriceBook.PricedModel;
import java.util.Optional;
import java.util.stream.Collectors;

/** Which models one caller may use: those of the catalogue that its tenant and its token both allow. Thread-safe. */
public final class ModelPolicy {
    private static final int NAMED_MAX = 20;

    private final PriceBook prices;
    private final Ticker ticker;
    private final TenantTerms terms;
    private final Caller caller;

    public ModelPolicy(PriceBook prices, Ticker ticker, TenantTerms terms, Caller caller) {
        this.prices = prices;
        this.ticker = ticker;
        this.terms = terms;
        this.caller = caller;
    }

    /** Why the model cannot be used, or empty if it can; {@code param} names the field at fault. */
    public Optional<Refusal> refusal(ModelName model, ModelKind kind, String param) {
        Optional<PricedModel> known = find(model).filter(priced -> priced.kind() == kind);
        if (known.isEmpty()) {
            return Optional.of(Refusal.of(
                            Kind.NOT_FOUND,
                            "model_not_found",
                            "The model is not known here as a " + word(kind) + " model. " + valid(kind))
                    .param(param));
        }
        if (!allows(model)) {
            return Optional.of(Refusal.of(
                            Kind.FORBIDDEN,
                            "model_not_allowed",
                            "The model '" + model + "' is not on your list. " + valid(kind))
                    .param(param));
        }
        return Optional.empty();
    }

    /** The model with the prices that are in force now. */
    public Optional<PricedModel> find(ModelName model) {
        return prices.find(model, ticker.now());
    }

    private boolean allows(ModelName model) {
        return terms.now().allows(model) && caller.allows(model);
    }

    private String valid(ModelKind kind) {
        String names = prices.models(ticker.now()).stream()
                .filter(priced -> priced.kind() == kind && allows(priced.name()))
                .map(priced -> priced.name().value())
                .sorted()
                .limit(NAMED_MAX)
                .collect(Collectors.joining(", "));
        return names.isEmpty() ? "You may use no " + word(kind) + " model." : "Valid models: " + names + '.';
    }

    private static String word(ModelKind kind) {
        return switch (kind) {
            case CONVERSATION -> "conversation";
            case TRANSCRIPTION -> "transcription";
        };
    }
}
