package dev.parley.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.domain.NanoUsd;
import dev.parley.domain.TokenUsage;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RatesTest {
    private static final Rates REALTIME = new Rates(4000, 400, 16000, 32000, 400, 64000, 5000, 500, 0);
    private static final long SEED = 4711;
    private static final int CASES = 20_000;

    @Test
    void pricesTheRecordedUsageToTheNanoDollar() {
        assertThat(REALTIME.cost(new TokenUsage(869, 42, 0, 832, 0, 0, 27, 77, 0)))
                .isEqualTo(new NanoUsd(7_184_800))
                .hasToString("$0.0071848");
    }

    @Test
    void reasoningTokensAreNotBilledOnTopOfText() {
        assertThat(REALTIME.cost(new TokenUsage(0, 0, 0, 0, 0, 0, 100, 0, 60)))
                .isEqualTo(REALTIME.cost(new TokenUsage(0, 0, 0, 0, 0, 0, 100, 0, 0)));
    }

    @Test
    void imagesHaveTheirOwnPrice() {
        assertThat(REALTIME.cost(new TokenUsage(0, 0, 10, 0, 0, 4, 0, 0, 0)))
                .isEqualTo(new NanoUsd(6 * 5000 + 4 * 500));
    }

    @Test
    void moreCachedTokensThanInputCostTheWholeInputAtTheCachedPriceAndNoMore() {
        assertThat(REALTIME.cost(new TokenUsage(10, 0, 0, 999, 5, 7, 0, 0, 0))).isEqualTo(new NanoUsd(10 * 400));
    }

    @Test
    void agreesWithExactArithmeticOnRandomUsage() {
        Random random = new Random(SEED);
        for (int number = 0; number < CASES; number++) {
            TokenUsage usage = randomUsage(random);
            assertThat(REALTIME.cost(usage).value())
                    .as("case %s of seed %s: %s", number, SEED, usage)
                    .isEqualTo(exact(usage).longValueExact());
        }
    }

    @Test
    void refusesToWrapAround() {
        long huge = Long.MAX_VALUE / 1_000;
        assertThatThrownBy(() -> REALTIME.cost(new TokenUsage(huge, 0, 0, 0, 0, 0, 0, 0, 0)))
                .isInstanceOf(ArithmeticException.class);
        assertThatThrownBy(() -> Rates.perMinute(NanoUsd.ofUsd("0.017")).cost(Long.MAX_VALUE / 1_000))
                .isInstanceOf(ArithmeticException.class);
        long half = Long.MAX_VALUE / 64_000 / 2 + 1;
        assertThatThrownBy(() -> REALTIME.cost(new TokenUsage(0, 0, 0, 0, 0, 0, half * 4, half, 0)))
                .isInstanceOf(ArithmeticException.class);
    }

    @Test
    void timeIsRoundedUpToANanoDollarAndNeverMore() {
        Rates perMinute = Rates.perMinute(NanoUsd.ofUsd("0.017"));
        assertThat(perMinute.cost(60_000)).isEqualTo(NanoUsd.ofUsd("0.017"));
        assertThat(perMinute.cost(0)).isEqualTo(NanoUsd.ZERO);
        Random random = new Random(SEED);
        for (int number = 0; number < CASES; number++) {
            long millis = random.nextLong(100_000_000L);
            BigDecimal exact = new BigDecimal(17_000_000L)
                    .multiply(BigDecimal.valueOf(millis))
                    .divide(BigDecimal.valueOf(60_000), 0, RoundingMode.CEILING);
            assertThat(perMinute.cost(millis).value()).as("%s ms", millis).isEqualTo(exact.longValueExact());
        }
    }

    @Test
    void refusesNegativePrices() {
        assertThatThrownBy(() -> new Rates(0, 0, 0, 0, 0, -1, 0, 0, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Rates.perMinute(new NanoUsd(-1))).isInstanceOf(IllegalArgumentException.class);
    }

    private static TokenUsage randomUsage(Random random) {
        long[] counts = new long[9];
        for (int index = 0; index < counts.length; index++) {
            counts[index] = random.nextLong(1L << random.nextInt(1, 32));
        }
        return new TokenUsage(
                counts[0], counts[1], counts[2], counts[3], counts[4], counts[5], counts[6], counts[7], counts[8]);
    }

    private static BigInteger exact(TokenUsage usage) {
        return input(usage.textIn(), usage.cachedText(), 4000, 400)
                .add(input(usage.audioIn(), usage.cachedAudio(), 32000, 400))
                .add(input(usage.imageIn(), usage.cachedImage(), 5000, 500))
                .add(product(usage.textOut(), 16000))
                .add(product(usage.audioOut(), 64000));
    }

    private static BigInteger input(long all, long cached, long price, long cachedPrice) {
        long fromCache = Math.min(all, cached);
        return product(all - fromCache, price).add(product(fromCache, cachedPrice));
    }

    private static BigInteger product(long count, long price) {
        return BigInteger.valueOf(count).multiply(BigInteger.valueOf(price));
    }
}
