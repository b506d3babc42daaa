package dev.parley.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.MultiMap;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** How long a provider asks to be left alone. */
class RetryAfterTest {
    private static final String NOW = "Sat, 21 Nov 2026 17:00:00 GMT";

    @Test
    void isToldInSecondsOrMillisecondsOrAsADateByTheProvidersClock() {
        assertThat(told("Retry-After", "7")).isEqualTo(Duration.ofSeconds(7));
        assertThat(told("retry-after-ms", "250")).isEqualTo(Duration.ofMillis(250));
        assertThat(told("Retry-After", "Sat, 21 Nov 2026 17:01:30 GMT")).isEqualTo(Duration.ofSeconds(90));
        assertThat(told("Retry-After", "Sat, 21 Nov 2026 16:00:00 GMT")).isEqualTo(Duration.ZERO);
    }

    @Test
    void isNotToldByWhatCannotBeRead() {
        assertThat(RetryAfter.of(null)).isNull();
        assertThat(told("Retry-After", "soon")).isNull();
        assertThat(told("Retry-After", "-1")).isNull();
        assertThat(RetryAfter.of(
                        MultiMap.caseInsensitiveMultiMap().add("Retry-After", "Sat, 21 Nov 2026 17:01:30 GMT")))
                .as("a date, and nobody knows what time it is there")
                .isNull();
    }

    private static @Nullable Duration told(String header, String value) {
        return RetryAfter.of(MultiMap.caseInsensitiveMultiMap().add("Date", NOW).add(header, value));
    }
}
