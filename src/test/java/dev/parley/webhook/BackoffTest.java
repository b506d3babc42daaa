package dev.parley.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackoffTest {
    private final Random random = new Random(42);

    @ParameterizedTest
    @CsvSource({"1, PT10S", "2, PT30S", "3, PT90S", "6, PT2430S", "7, PT7290S", "8, PT6H", "9, PT6H", "11, PT6H"})
    void waitsAFifthMoreOrLessThan(int attempts, Duration about) {
        long millis = about.toMillis();
        assertThat(IntStream.range(0, 1_000)
                        .mapToLong(_ ->
                                Backoff.after(attempts, random).orElseThrow().toMillis())
                        .summaryStatistics())
                .satisfies(
                        all -> assertThat(all.getMin()).isBetween(millis * 8 / 10, millis * 82 / 100),
                        all -> assertThat(all.getMax()).isBetween(millis * 118 / 100, millis * 12 / 10));
    }

    @Test
    void givesUpAfterTwelveTries() {
        assertThat(Backoff.after(12, random)).isEmpty();
        assertThat(Backoff.after(13, random)).isEmpty();
    }
}
