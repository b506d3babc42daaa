package dev.parley.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.domain.TokenUsage;
import io.vertx.core.buffer.Buffer;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class UsageReportTest {
    @Test
    void readsEveryClass() {
        UsageReport report =
                read("{\"input_tokens\":911,\"output_tokens\":104,\"input_token_details\":{\"text_tokens\":869,\"audio_tokens\":42,"
                                + "\"cached_tokens\":832,\"cached_tokens_details\":{\"text_tokens\":832}},\"output_token_details\":"
                                + "{\"text_tokens\":27,\"audio_tokens\":77,\"reasoning_tokens\":5},\"x\":1}")
                        .orElseThrow();
        assertThat(report.complete()).isTrue();
        assertThat(report.tokens()).isEqualTo(new TokenUsage(869, 42, 0, 832, 0, 0, 27, 77, 5));
    }

    @Test
    void tellsMissingFromZero() {
        assertThat(read("null")).isEmpty();
        assertThat(read("{}")).isEmpty();
        assertThat(read("{\"type\":\"duration\"}")).isEmpty();
        assertThat(read("{\"type\":\"duration\",\"seconds\":-1}")).isEmpty();
        assertThat(read("{\"input_tokens\":0,\"output_tokens\":0}")
                        .orElseThrow()
                        .complete())
                .isTrue();
        UsageReport none = read("{\"type\":\"duration\",\"seconds\":0}").orElseThrow();
        assertThat(none.byDuration()).isTrue();
        assertThat(none.millis()).isZero();
    }

    @Test
    void keepsWhatHasNoClass() {
        UsageReport report =
                read("{\"input_tokens\":20,\"output_tokens\":10,\"input_token_details\":{\"text_tokens\":5,"
                                + "\"cached_tokens\":3}}")
                        .orElseThrow();
        assertThat(report.complete()).isFalse();
        assertThat(report.inputUnassigned()).isEqualTo(15);
        assertThat(report.outputUnassigned()).isEqualTo(10);
        assertThat(report.cachedUnassigned()).isEqualTo(3);
    }

    @Test
    void roundsSecondsUpToMillis() {
        assertThat(read("{\"type\":\"duration\",\"seconds\":1.40001}")
                        .orElseThrow()
                        .millis())
                .isEqualTo(1_401);
        assertThat(read("{\"type\":\"duration\",\"seconds\":1e-999999999}")
                        .orElseThrow()
                        .millis())
                .isEqualTo(1);
    }

    @Test
    void takesNoNonsenseForFigures() {
        for (String usage : new String[] {
            "{\"input_tokens\":-5,\"output_tokens\":1}",
            "{\"input_tokens\":1e99,\"output_tokens\":1}",
            "{\"input_tokens\":1.5,\"output_tokens\":1}",
            "{\"input_tokens\":5,\"output_tokens\":1,\"input_token_details\":{\"text_tokens\":\"5\"}}",
            "{\"input_tokens\":5,\"output_tokens\":1,\"output_token_details\":{\"audio_tokens\":9999999999}}"
        }) {
            assertThat(read(usage)).as(usage).isEmpty();
        }
    }

    @Test
    void readsWholeNumbersInAnyForm() {
        UsageReport report =
                read("{\"input_tokens\":20.0,\"output_tokens\":1e1,\"input_token_details\":{\"text_tokens\":2e1},"
                                + "\"output_token_details\":{\"text_tokens\":10.0,\"audio_tokens\":null}}")
                        .orElseThrow();
        assertThat(report.complete()).isTrue();
        assertThat(report.tokens()).isEqualTo(new TokenUsage(20, 0, 0, 0, 0, 0, 10, 0, 0));
    }

    @Test
    void countsReasoningBesideTheTextAsText() {
        UsageReport report = read("{\"input_tokens\":0,\"output_tokens\":60,\"output_token_details\":"
                        + "{\"text_tokens\":10,\"audio_tokens\":0,\"reasoning_tokens\":50}}")
                .orElseThrow();
        assertThat(report.complete()).isTrue();
        assertThat(report.tokens()).isEqualTo(new TokenUsage(0, 0, 0, 0, 0, 0, 60, 0, 50));
    }

    private static Optional<UsageReport> read(String usage) {
        return UsageReport.of(Json.object(Buffer.buffer("{\"usage\":" + usage + "}"))
                .orElseThrow()
                .path("usage"));
    }
}
