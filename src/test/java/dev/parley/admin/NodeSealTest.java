package dev.parley.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.concurrent.ManualTicker;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class NodeSealTest {
    private final ManualTicker clock = new ManualTicker(Instant.parse("2026-11-21T09:00:00Z"));
    private final NodeSeal one = new NodeSeal("a secret of all nodes".getBytes(StandardCharsets.UTF_8), clock);
    private final NodeSeal other = new NodeSeal("a secret of all nodes".getBytes(StandardCharsets.UTF_8), clock);
    private final NodeSeal stranger = new NodeSeal("another secret".getBytes(StandardCharsets.UTF_8), clock);

    @Test
    void nodesOfOneDatabaseKnowEachOther() {
        assertThat(other.good(one.seal("/internal/figures"), "/internal/figures"))
                .isTrue();
    }

    @Test
    void aSealIsGoodForItsPathItsTimeAndItsKeyOnly() {
        String seal = one.seal("/internal/figures");

        assertThat(other.good(seal, "/internal/timeline/psn_x")).isFalse();
        assertThat(other.good(stranger.seal("/internal/figures"), "/internal/figures"))
                .isFalse();
        assertThat(other.good(seal.replace('.', '-'), "/internal/figures")).isFalse();
        assertThat(other.good("", "/internal/figures")).isFalse();
        clock.advance(Duration.ofSeconds(NodeSeal.GOOD_SECONDS + 1));
        assertThat(other.good(seal, "/internal/figures")).isFalse();
    }
}
