package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.TokenUsage;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.ledger.PriceCatalogue;
import dev.parley.ledger.Rates;
import java.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class JdbcPricesIT {
    private static final Instant NOW = Instant.parse("2026-11-21T00:00:00Z");
    private static final TestDatabase DB = TestDatabase.create();
    private final PriceCatalogue prices = new JdbcPrices(DB.database()).read();

    @AfterAll
    static void close() {
        DB.close();
    }

    @Test
    void pricesTheRecordedUsageToTheNanoDollar() {
        TokenUsage usage = new TokenUsage(869, 42, 0, 832, 0, 0, 27, 77, 0);

        assertThat(model("gpt-realtime").cost(usage)).isEqualTo(new NanoUsd(7_184_800));
    }

    @Test
    void theSeedHoldsThePublishedPrices() {
        assertThat(model("gpt-realtime-2.1").rates())
                .isEqualTo(new Rates(4000, 400, 24000, 32000, 400, 64000, 5000, 500, 0));
        assertThat(model("gpt-realtime-2.1-mini").rates())
                .isEqualTo(new Rates(600, 60, 2400, 10000, 300, 20000, 800, 80, 0));
        assertThat(model("gpt-realtime-1.5").rates())
                .isEqualTo(new Rates(4000, 400, 16000, 32000, 400, 64000, 5000, 500, 0));
        assertThat(model("gpt-realtime-mini-2025-12-15").rates())
                .isEqualTo(new Rates(600, 60, 2400, 10000, 300, 20000, 800, 80, 0));
        assertThat(model("gpt-4o-transcribe-diarize").rates())
                .isEqualTo(new Rates(2500, 2500, 10000, 6000, 6000, 10000, 6000, 6000, 0));
        assertThat(model("gpt-4o-mini-transcribe").rates())
                .isEqualTo(new Rates(1250, 1250, 5000, 3000, 3000, 5000, 3000, 3000, 0));
        assertThat(model("gpt-live-transcribe").cost(60_000)).isEqualTo(NanoUsd.ofUsd("0.017"));
        assertThat(model("gpt-transcribe").cost(60_000)).isEqualTo(NanoUsd.ofUsd("0.0045"));
        assertThat(model("whisper-1").cost(60_000)).isEqualTo(NanoUsd.ofUsd("0.006"));
        assertThat(model("gpt-realtime-translate").cost(60_000)).isEqualTo(NanoUsd.ofUsd("0.034"));
    }

    @Test
    void retiredModelsAreNotFoundFromTheirLastDay() {
        ModelName whisper = new ModelName("whisper-1");

        assertThat(prices.find(new ModelName("gpt-4o-realtime-preview"), NOW)).isEmpty();
        assertThat(prices.find(new ModelName("gpt-4o-realtime-preview"), Instant.parse("2026-05-01T00:00:00Z")))
                .isPresent();
        assertThat(prices.find(whisper, Instant.parse("2027-02-25T23:59:59Z"))).isPresent();
        assertThat(prices.find(whisper, Instant.parse("2027-02-26T00:00:00Z"))).isEmpty();
        assertThat(prices.find(new ModelName("no-such-model"), NOW)).isEmpty();
        assertThat(prices.models(NOW)).hasSize(18);
    }

    @Test
    void aNewVersionHoldsFromItsDate() {
        try (TestDatabase own = TestDatabase.create()) {
            own.execute("""
                    insert into price (model, version, valid_from, minute_nano)
                    values ('gpt-transcribe', 2, '2026-12-01 00:00+00', 4000000)
                    """);
            PriceCatalogue changed = new JdbcPrices(own.database()).read();
            ModelName name = new ModelName("gpt-transcribe");

            PricedModel before =
                    changed.find(name, Instant.parse("2026-11-30T23:59:59Z")).orElseThrow();
            PricedModel after =
                    changed.find(name, Instant.parse("2026-12-01T00:00:00Z")).orElseThrow();

            assertThat(before.priceVersion()).isEqualTo(1);
            assertThat(after.priceVersion()).isEqualTo(2);
            assertThat(after.cost(60_000)).isEqualTo(NanoUsd.ofUsd("0.004"));
        }
    }

    @Test
    void tellsConversationsFromTranscriptions() {
        assertThat(model("gpt-realtime-2").kind()).isEqualTo(ModelKind.CONVERSATION);
        assertThat(model("gpt-4o-transcribe").kind()).isEqualTo(ModelKind.TRANSCRIPTION);
        assertThat(model("gpt-realtime-2").rates().timeBilled()).isFalse();
        assertThat(model("whisper-1").rates().timeBilled()).isTrue();
    }

    private PricedModel model(String name) {
        return prices.find(new ModelName(name), NOW).orElseThrow();
    }
}
