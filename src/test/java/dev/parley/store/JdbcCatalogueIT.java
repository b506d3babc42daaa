package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.ledger.PriceBook.Known;
import dev.parley.ledger.PriceCatalogue;
import dev.parley.ledger.PriceChange;
import dev.parley.ledger.PriceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class JdbcCatalogueIT {
    private static final Instant NOW = Instant.parse("2026-11-21T00:00:00Z");
    private static final ModelName OLD = new ModelName("gpt-4o-realtime-preview-2024-12-17");
    private static final ModelName CURRENT = new ModelName("gpt-realtime-1.5");

    private final TestDatabase database = TestDatabase.create();
    private final JdbcPrices prices = new JdbcPrices(database.database());
    private final JdbcCatalogue catalogue = new JdbcCatalogue(database.database());

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void takesAPriceFileOverAndThenAgreesWithIt() throws IOException {
        List<PriceChange> changes = changes();
        assertThat(changes)
                .extracting(change -> change.offer().name().value())
                .as("the rows of gpt-realtime and whisper-1 are what is in force")
                .containsExactly("gpt-realtime-2", "gpt-realtime-3");

        catalogue.apply(changes, NOW);

        assertThat(changes()).isEmpty();
        PriceCatalogue now = prices.read();
        ModelName changed = new ModelName("gpt-realtime-2");
        assertThat(now.find(changed, NOW.minusSeconds(1)).orElseThrow().rates().textOut())
                .as("what was used before keeps its price")
                .isEqualTo(24_000);
        assertThat(now.find(changed, NOW).orElseThrow().rates().textOut()).isEqualTo(16_000);
        assertThat(now.find(changed, NOW).orElseThrow().priceVersion()).isEqualTo(2);
        assertThat(now.find(changed, NOW).orElseThrow().contextTokensMax()).isEqualTo(131_072);
        assertThat(now.find(new ModelName("gpt-realtime-3"), NOW).orElseThrow().contextTokensMax())
                .isEqualTo(128_000);
        assertThat(now.find(new ModelName("whisper-1"), NOW).orElseThrow().cost(60_000))
                .isEqualTo(NanoUsd.ofUsd("0.006"));
    }

    @Test
    void givesTheRetiredFamilyOtherModels() {
        PriceCatalogue now = prices.read();

        assertThat(now.resolve(OLD)).isEqualTo(CURRENT);
        assertThat(now.aliasesOf(CURRENT)).contains(OLD).hasSize(4);
        assertThat(now.known(OLD).flatMap(Known::shutdown)).contains(Instant.parse("2026-05-12T00:00:00Z"));
        assertThat(now.resolve(CURRENT)).isEqualTo(CURRENT);
    }

    @Test
    void setsAndRemovesAliases() {
        ModelName alias = new ModelName("voice");

        assertThat(catalogue.alias(alias, new ModelName("no-such-model"))).isFalse();
        assertThat(catalogue.alias(alias, CURRENT)).isTrue();
        assertThat(catalogue.alias(alias, new ModelName("gpt-realtime-2.1"))).isTrue();
        assertThat(prices.read().resolve(alias)).isEqualTo(new ModelName("gpt-realtime-2.1"));
        assertThat(catalogue.removeAlias(alias)).isTrue();
        assertThat(catalogue.removeAlias(alias)).isFalse();
        assertThat(prices.read().resolve(alias)).isEqualTo(alias);
    }

    private List<PriceChange> changes() throws IOException {
        PriceCatalogue now = prices.read();
        return PriceFile.read(Files.readAllBytes(Path.of("src/test/resources/prices/litellm.json"))).offers().stream()
                .map(offer -> PriceChange.of(offer, now))
                .filter(PriceChange::changes)
                .toList();
    }
}
