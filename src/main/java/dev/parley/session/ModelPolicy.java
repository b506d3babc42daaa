package dev.parley.session;

import dev.parley.auth.Caller;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.ledger.PriceBook;
import dev.parley.ledger.PriceBook.Known;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.tenancy.Tenant;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Which models one caller may use: those of the catalogue that its tenant and its token both allow. Thread-safe. */
public final class ModelPolicy {
    /** How long before a shutdown clients are told of it. */
    public static final Duration SHUTDOWN_WARNING = Duration.ofDays(90);

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
        Optional<PricedModel> known = find(model).filter(ModelPolicy::isUsable);
        if (known.isEmpty()) {
            return Optional.of(missing(model, kind).param(param));
        }
        if (known.get().kind() != kind) {
            return Optional.of(Refusal.of(
                            Kind.BAD_REQUEST,
                            "invalid_model",
                            "'" + model + "' is a " + known.get().kind().label() + " model"
                                    + hint(known.get().kind(), kind) + ' ' + valid(kind))
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

    /** A translation tells no tokens that could be priced. */
    private static boolean isUsable(PricedModel model) {
        return model.kind() != ModelKind.TRANSLATION || model.rates().timeBilled();
    }

    /** What a client's name for a model stands for. */
    public ModelName resolve(ModelName asked) {
        return prices.resolve(asked);
    }

    /** The models of the catalogue that this caller may use now, by name. */
    public List<PricedModel> all() {
        return prices.models(ticker.now()).stream()
                .filter(priced -> isUsable(priced) && allows(priced.name()))
                .toList();
    }

    /** Its other names. */
    public Set<ModelName> aliasesOf(ModelName model) {
        return prices.aliasesOf(model);
    }

    /** When the provider shuts the model down; empty if that is not known. */
    public Optional<Instant> shutdownAt(ModelName model) {
        return prices.known(model).flatMap(Known::shutdown);
    }

    /** Whether a token allows the model, by its name or by an alias. */
    boolean allowedBy(Caller other, ModelName model) {
        return other.allows(model) || prices.aliasesOf(model).stream().anyMatch(other::allows);
    }

    /** A list that names an alias allows what stands behind it. */
    private boolean allows(ModelName model) {
        Tenant tenant = terms.now();
        return (tenant.allows(model) || prices.aliasesOf(model).stream().anyMatch(tenant::allows))
                && allowedBy(caller, model);
    }

    /** The name is repeated only if the catalogue knows it: else it may be anything, a credential too. */
    private Refusal missing(ModelName model, ModelKind kind) {
        String words = prices.known(model)
                .flatMap(Known::shutdown)
                .filter(at -> !at.isAfter(ticker.now()))
                .map(at -> "The model '" + model + "' was shut down on "
                        + at.atOffset(ZoneOffset.UTC).toLocalDate() + ". ")
                .orElse("The model does not exist here. ");
        return Refusal.of(Kind.NOT_FOUND, "model_not_found", words + valid(kind));
    }

    private static String hint(ModelKind is, ModelKind asked) {
        String not = switch (asked) {
            case CONVERSATION -> " and holds no conversation: ";
            case TRANSCRIPTION -> " and does not transcribe: ";
            case TRANSLATION -> " and does not translate: ";
        };
        return not
                + switch (is) {
                    case CONVERSATION -> "connect with /v1/realtime?model=… to talk with it.";
                    case TRANSCRIPTION ->
                        "connect with intent=transcription, or name it in audio.input.transcription.model of a session on a"
                                + " conversation model.";
                    case TRANSLATION -> "connect with /v1/realtime/translations?model=….";
                };
    }

    private String valid(ModelKind kind) {
        String names = all().stream()
                .filter(priced -> priced.kind() == kind)
                .map(priced -> priced.name().value())
                .sorted()
                .limit(NAMED_MAX)
                .collect(Collectors.joining(", "));
        return names.isEmpty() ? "You may use no " + kind.label() + " model." : "Valid models: " + names + '.';
    }
}
