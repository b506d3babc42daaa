package dev.parley.session;

import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.ledger.PriceBook;
import dev.parley.ledger.Rates;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A catalogue of four models with the prices of protocol.md §5, in nano-dollars. */
public final class FakePrices implements PriceBook {
    static final PricedModel CONVERSATION = new PricedModel(
            new ModelName("gpt-realtime"),
            ModelKind.CONVERSATION,
            7,
            32_768,
            4_096,
            new Rates(4_000, 400, 16_000, 32_000, 400, 64_000, 5_000, 500, 0));

    static final PricedModel BY_TOKENS = new PricedModel(
            new ModelName("gpt-4o-transcribe"),
            ModelKind.TRANSCRIPTION,
            7,
            16_000,
            2_000,
            new Rates(2_500, 2_500, 10_000, 6_000, 6_000, 10_000, 6_000, 6_000, 0));

    static final PricedModel BY_TIME = new PricedModel(
            new ModelName("gpt-live-transcribe"),
            ModelKind.TRANSCRIPTION,
            7,
            0,
            0,
            Rates.perMinute(NanoUsd.ofUsd("0.017")));

    /** Stands for {@link #BY_TIME}. */
    static final ModelName TRANSCRIBER_ALIAS = new ModelName("transcribe-latest");

    static final PricedModel TRANSLATOR = new PricedModel(
            new ModelName("gpt-realtime-translate"),
            ModelKind.TRANSLATION,
            7,
            0,
            0,
            Rates.perMinute(NanoUsd.ofUsd("0.034")));

    private static final List<PricedModel> ALL = List.of(CONVERSATION, BY_TOKENS, BY_TIME, TRANSLATOR);

    @Override
    public Optional<PricedModel> find(ModelName model, Instant at) {
        return ALL.stream().filter(priced -> priced.name().equals(model)).findFirst();
    }

    @Override
    public ModelName resolve(ModelName asked) {
        return asked.equals(TRANSCRIBER_ALIAS) ? BY_TIME.name() : asked;
    }

    @Override
    public Set<ModelName> aliasesOf(ModelName model) {
        return model.equals(BY_TIME.name()) ? Set.of(TRANSCRIBER_ALIAS) : Set.of();
    }

    @Override
    public Optional<Known> known(ModelName model) {
        return find(model, Instant.EPOCH).map(priced -> new Known(priced.kind(), Optional.empty()));
    }

    @Override
    public Collection<PricedModel> models(Instant at) {
        return ALL;
    }
}
