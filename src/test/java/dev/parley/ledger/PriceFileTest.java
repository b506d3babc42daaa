package dev.parley.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.ledger.PriceChange.Difference;
import dev.parley.ledger.PriceOffer.PriceClass;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PriceFileTest {
    private static final Instant SHUTDOWN = Instant.parse("2027-01-20T00:00:00Z");

    @Test
    void takesWhatThisBrokerServesAndSaysWhatIsWrongWithTheRest() throws IOException {
        PriceFile file = read();

        assertThat(file.offers())
                .extracting(offer -> offer.name().value())
                .containsExactly("gpt-realtime", "gpt-realtime-2", "gpt-realtime-3", "whisper-1");
        assertThat(file.skipped()).as("the sample, Azure's and the chat model").isEqualTo(3);
        assertThat(file.unusable())
                .containsExactly(
                        "gpt-broken: input_cost_per_token is not a price for a token or a second",
                        "gpt-free: has neither prices for text tokens in and out nor one for a second");
    }

    @Test
    void changesNothingWhenTheFileSaysWhatIsInForce() throws IOException {
        PriceCatalogue catalogue =
                catalogue("gpt-realtime", new Rates(4_000, 400, 16_000, 32_000, 400, 64_000, 5_000, 500, 0), SHUTDOWN);

        assertThat(change("gpt-realtime", catalogue).changes()).isFalse();
    }

    @Test
    void tellsEachPriceThatDiffersAndKeepsWhatTheFileDoesNotTell() throws IOException {
        PriceCatalogue catalogue = catalogue(
                "gpt-realtime-2", new Rates(4_000, 400, 24_000, 32_000, 400, 64_000, 5_000, 500, 0), SHUTDOWN);

        PriceChange change = change("gpt-realtime-2", catalogue);

        assertThat(change.differences()).containsExactly(new Difference(PriceClass.TEXT_OUT, 24_000, 16_000));
        assertThat(change.rates()).isEqualTo(new Rates(4_000, 400, 16_000, 32_000, 400, 64_000, 5_000, 500, 0));
        assertThat(change.shutdownAt()).isEqualTo(SHUTDOWN);
        assertThat(change.shutdownMoves()).isFalse();
    }

    @Test
    void pricesANewModelNeverCheaperThanTheFileSays() throws IOException {
        PriceChange change = change("gpt-realtime-3", catalogue("other", Rates.perMinute(new NanoUsd(1)), null));

        assertThat(change.isNew()).isTrue();
        assertThat(change.rates())
                .as("rounded up; classes that are not told cost as much as the dearest of their direction")
                .isEqualTo(new Rates(5_000, 500, 24_001, 40_000, 40_000, 80_000, 40_000, 40_000, 0));
    }

    @Test
    void readsSecondsAsMinutes() throws IOException {
        PriceChange change = change("whisper-1", catalogue("other", Rates.perMinute(new NanoUsd(1)), null));

        assertThat(change.rates().perMinute()).isEqualTo(6_000_000);
        assertThat(change.offer().kind()).isEqualTo(ModelKind.TRANSCRIPTION);
    }

    @Test
    void refusesWhatIsNoPriceFile() {
        for (String bad : List.of("", "[]", "{", "{\"a\":1}", "\"x\"")) {
            assertThatThrownBy(() -> PriceFile.read(bad.getBytes(StandardCharsets.UTF_8)))
                    .as(bad)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static PriceFile read() throws IOException {
        return PriceFile.read(Files.readAllBytes(Path.of("src/test/resources/prices/litellm.json")));
    }

    private static PriceChange change(String name, PriceCatalogue catalogue) throws IOException {
        PriceOffer offer = read().offers().stream()
                .filter(one -> one.name().value().equals(name))
                .findFirst()
                .orElseThrow();
        return PriceChange.of(offer, catalogue);
    }

    private static PriceCatalogue catalogue(String name, Rates rates, @Nullable Instant shutdownAt) {
        PricedModel model = new PricedModel(new ModelName(name), ModelKind.CONVERSATION, 1, 32_768, 4_096, rates);
        return new PriceCatalogue(List.of(new PriceCatalogue.Version(model, Instant.EPOCH, shutdownAt)), Map.of());
    }
}
