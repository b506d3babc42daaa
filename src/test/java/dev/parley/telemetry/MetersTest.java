package dev.parley.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.domain.NanoUsd;
import dev.parley.domain.TokenUsage;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class MetersTest {
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final Meters meters = new Meters(registry);

    @Test
    void countsRefusalsByCode() {
        meters.refused("budget_exhausted");
        meters.refused("budget_exhausted");
        meters.refused("node_draining");

        assertThat(count("parley.refusals", "code", "budget_exhausted")).isEqualTo(2);
        assertThat(count("parley.refusals", "code", "node_draining")).isEqualTo(1);
    }

    @Test
    void labelsThatSomebodyMakesUpAreCountedAsOther() {
        for (int i = 0; i < 1_000; i++) {
            meters.failed("upstream", "code_" + i);
        }

        assertThat(registry.find("parley.errors").counters()).hasSize(Meters.LABEL_VALUES_MAX + 1);
        assertThat(count("parley.errors", "error", "other")).isEqualTo(1_000 - Meters.LABEL_VALUES_MAX);
    }

    @Test
    void splitsTokensIntoFreshAndCachedAndSumsTheirCost() {
        TokenUsage usage = new TokenUsage(100, 50, 0, 64, 20, 0, 10, 30, 5);

        meters.committed("response", "completed", usage, NanoUsd.ofUsd("0.0125"), Duration.ofMillis(3));

        assertThat(count("parley.tokens", "class", "text_in")).isEqualTo(36);
        assertThat(count("parley.tokens", "class", "text_cached")).isEqualTo(64);
        assertThat(count("parley.tokens", "class", "audio_in")).isEqualTo(30);
        assertThat(count("parley.tokens", "class", "audio_cached")).isEqualTo(20);
        assertThat(count("parley.tokens", "class", "text_out")).isEqualTo(10);
        assertThat(count("parley.tokens", "class", "audio_out")).isEqualTo(30);
        assertThat(registry.get("parley.cost.usd").counter().count()).isEqualTo(0.0125);
        assertThat(count("parley.usage.entries", "work", "response:completed")).isEqualTo(1);
    }

    private double count(String name, String label, String value) {
        return registry.get(name).tag(label, value).counter().count();
    }
}
