package dev.parley.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class UnitsTest {
    @Test
    void readsDurations() {
        assertThat(Units.duration("250ms")).isEqualTo(Duration.ofMillis(250));
        assertThat(Units.duration("30s")).isEqualTo(Duration.ofSeconds(30));
        assertThat(Units.duration("5 m")).isEqualTo(Duration.ofMinutes(5));
        assertThat(Units.duration("1h")).isEqualTo(Duration.ofHours(1));
        assertThat(Units.duration("7d")).isEqualTo(Duration.ofDays(7));
    }

    @Test
    void readsSizes() {
        assertThat(Units.size("1B")).isEqualTo(1);
        assertThat(Units.size("4MiB")).isEqualTo(4 << 20);
        assertThat(Units.size("2GiB")).isEqualTo(2L << 30);
    }

    @Test
    void refusesNumbersWithoutAUnitAndUnitsThatMeanTwoThings() {
        for (String text : List.of("30", "", "s", "-1s", "1.5h", "1M", "30 seconds", "999999999999d")) {
            assertThatIllegalArgumentException().as(text).isThrownBy(() -> Units.duration(text));
        }
        for (String text : List.of("4", "4MB", "4k", "-1B", "999999999999GiB")) {
            assertThatIllegalArgumentException().as(text).isThrownBy(() -> Units.size(text));
        }
    }

    @Test
    void showsTheLargestUnitThatFits() {
        assertThat(Units.show(Units.duration("90s"))).isEqualTo("90s");
        assertThat(Units.show(Units.duration("120s"))).isEqualTo("2m");
        assertThat(Units.show(Duration.ZERO)).isEqualTo("0s");
        assertThat(Units.show(21L << 20)).isEqualTo("21MiB");
        assertThat(Units.show(1025)).isEqualTo("1025B");
    }
}
