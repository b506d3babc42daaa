package dev.parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.auth.Caller;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.Refusal;
import dev.parley.domain.SubjectId;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.ledger.PriceCatalogue;
import dev.parley.ledger.PriceCatalogue.Version;
import dev.parley.ledger.Rates;
import dev.parley.tenancy.Tenant;
import dev.parley.tenancy.TestTenants;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is said about models that cannot be had: why, and which can, of those that this tenant may use. */
class ModelPolicyTest {
    private static final Instant RETIRED_AT = Instant.parse("2026-05-12T00:00:00Z");
    private static final PriceCatalogue CATALOGUE = new PriceCatalogue(
            List.of(
                    version(FakePrices.CONVERSATION, null),
                    version(FakePrices.BY_TOKENS, null),
                    version(FakePrices.BY_TIME, null),
                    version(FakePrices.TRANSLATOR, null),
                    version(renamed("gpt-secret-realtime", FakePrices.CONVERSATION), null),
                    version(renamed("gpt-retired", FakePrices.CONVERSATION), RETIRED_AT),
                    version(renamed("whisper-retired", FakePrices.BY_TIME), RETIRED_AT),
                    version(
                            new PricedModel(
                                    new ModelName("translate-by-token"),
                                    ModelKind.TRANSLATION,
                                    1,
                                    0,
                                    0,
                                    FakePrices.CONVERSATION.rates()),
                            null)),
            Map.of(
                    new ModelName("realtime-latest"), new ModelName("gpt-realtime"),
                    new ModelName("transcribe-latest"), new ModelName("gpt-live-transcribe")));

    private static Version version(PricedModel model, @Nullable Instant shutdownAt) {
        return new Version(model, Instant.EPOCH, shutdownAt);
    }

    private static PricedModel renamed(String name, PricedModel like) {
        return new PricedModel(
                new ModelName(name),
                like.kind(),
                like.priceVersion(),
                like.contextTokensMax(),
                like.outputTokensMax(),
                like.kind() == ModelKind.TRANSCRIPTION ? Rates.perMinute(new NanoUsd(1)) : like.rates());
    }

    private static ModelPolicy policy() {
        Tenant roomy = TestTenants.roomy("acme");
        Tenant tenant = roomy.withOwn(roomy.own()
                .withModels(Set.of(
                        new ModelName("gpt-realtime"),
                        new ModelName("transcribe-latest"),
                        new ModelName("gpt-4o-transcribe"),
                        new ModelName("gpt-realtime-translate"))));
        Caller caller = new Caller(
                tenant.id(),
                new SubjectId("alice"),
                "parley",
                "t1",
                Instant.EPOCH,
                Instant.MAX,
                null,
                OptionalInt.empty());
        return new ModelPolicy(CATALOGUE, Ticker.SYSTEM, new TenantTerms(tenant), caller);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            gpt-4o-transcribe      | CONVERSATION  | invalid_model     | is a transcription model and holds no conversation: connect with intent=transcription | Valid models: gpt-realtime.
            gpt-realtime           | TRANSCRIPTION | invalid_model     | is a conversation model and does not transcribe: connect with /v1/realtime?model=…    | Valid models: gpt-4o-transcribe, gpt-live-transcribe.
            gpt-realtime           | TRANSLATION   | invalid_model     | is a conversation model and does not translate: connect with /v1/realtime?model=…     | Valid models: gpt-realtime-translate.
            gpt-realtime-translate | CONVERSATION  | invalid_model     | holds no conversation: connect with /v1/realtime/translations?model=…                  | Valid models: gpt-realtime.
            gpt-nonsense           | CONVERSATION  | model_not_found   | The model does not exist here.                                                        | Valid models: gpt-realtime.
            gpt-nonsense           | TRANSCRIPTION | model_not_found   | The model does not exist here.                                                        | Valid models: gpt-4o-transcribe, gpt-live-transcribe.
            gpt-retired            | CONVERSATION  | model_not_found   | The model 'gpt-retired' was shut down on 2026-05-12.                                  | Valid models: gpt-realtime.
            whisper-retired        | TRANSCRIPTION | model_not_found   | The model 'whisper-retired' was shut down on 2026-05-12.                              | Valid models: gpt-4o-transcribe, gpt-live-transcribe.
            gpt-secret-realtime    | CONVERSATION  | model_not_allowed | The model 'gpt-secret-realtime' is not on your list.                                  | Valid models: gpt-realtime.
            translate-by-token     | TRANSLATION   | model_not_found   | The model does not exist here.                                                        | Valid models: gpt-realtime-translate.
            """)
    void saysWhyAModelCannotBeHadAndNamesThoseThatCan(
            String model, ModelKind kind, String code, String why, String valid) {
        Refusal refusal = policy().refusal(new ModelName(model), kind, "model").orElseThrow();

        assertThat(refusal.code()).isEqualTo(code);
        assertThat(refusal.message()).contains(why).endsWith(valid).doesNotContain("gpt-secret-realtime,");
        assertThat(refusal.param()).isEqualTo("model");
    }

    @Test
    void allowsWhatIsOnTheListUnderEitherName() {
        ModelPolicy policy = policy();

        assertThat(policy.refusal(new ModelName("gpt-realtime"), ModelKind.CONVERSATION, "model"))
                .isEmpty();
        assertThat(policy.refusal(policy.resolve(new ModelName("transcribe-latest")), ModelKind.TRANSCRIPTION, "model"))
                .isEmpty();
    }
}
