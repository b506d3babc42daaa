package dev.parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ReturnRateTest {
    private static final long NOW = Long.MAX_VALUE - 5; // the clock's zero is nowhere in particular

    @Test
    void letsABurstInAndThenOneASecond() {
        ReturnRate rate = new ReturnRate(NOW);
        for (int n = 0; n < ReturnRate.BURST; n++) {
            assertThat(rate.take(NOW)).isTrue();
        }
        assertThat(rate.take(NOW)).isFalse();

        long later = NOW + Duration.ofSeconds(1).toNanos();
        assertThat(rate.take(later)).isTrue();
        assertThat(rate.take(later)).isFalse();

        long calm = NOW + Duration.ofHours(1).toNanos();
        for (int n = 0; n < ReturnRate.BURST; n++) {
            assertThat(rate.take(calm)).isTrue();
        }
        assertThat(rate.take(calm)).isFalse();
    }
}
