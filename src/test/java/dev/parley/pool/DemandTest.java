package dev.parley.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class DemandTest {
    private final PoolSettings settings = new PoolSettings();

    @Test
    void keepsWhatArrivesDuringAHandshakeAndSomeMore() {
        settings.warmMin = 2;
        settings.warmMax = 100;
        Demand demand = new Demand(settings.config(), false);
        demand.connected(Duration.ofMillis(200).toNanos());
        long now = arrivals(demand, 0, 50, Duration.ofSeconds(60));

        // 10 arrive in 200 ms at 50 a second; 2 * sqrt(10) more.
        assertThat(demand.warm(now)).isBetween(16, 18);
    }

    @Test
    void risesInSecondsAndFallsInMinutes() {
        settings.warmMin = 0;
        settings.warmMax = 100;
        Demand demand = new Demand(settings.config(), false);
        demand.connected(Duration.ofMillis(200).toNanos());
        long now = arrivals(demand, 0, 50, Duration.ofSeconds(20));
        int risen = demand.warm(now);
        int minuteLater = demand.warm(now + Duration.ofMinutes(1).toNanos());

        assertThat(risen).isGreaterThanOrEqualTo(14);
        assertThat(minuteLater).isBetween(1, risen - 1);
        assertThat(demand.warm(now + Duration.ofMinutes(11).toNanos()))
                .as("forgotten")
                .isZero();
    }

    @Test
    void staysBetweenFloorAndCeiling() {
        settings.warmMin = 2;
        settings.warmMax = 4;
        Demand demand = new Demand(settings.config(), false);
        assertThat(demand.warm(0)).as("nobody has asked").isZero();
        demand.asked(0);
        assertThat(demand.warm(0)).isEqualTo(2);
        assertThat(demand.warm(arrivals(demand, 0, 100, Duration.ofSeconds(10))))
                .isEqualTo(4);
    }

    @Test
    void takesTheSlowestOfTheLastHandshakesForItsP99() {
        Demand demand = new Demand(settings.config(), false);
        for (int i = 1; i <= 64; i++) {
            demand.connected(i);
        }
        assertThat(demand.handshakeP99()).isEqualTo(64);
        for (int i = 0; i < 64; i++) {
            demand.connected(7);
        }
        assertThat(demand.handshakeP99()).as("the old ones are forgotten").isEqualTo(7);
    }

    private static long arrivals(Demand demand, long from, int perSecond, Duration time) {
        long step = Duration.ofSeconds(1).toNanos() / perSecond;
        long now = from;
        for (; now < from + time.toNanos(); now += step) {
            demand.asked(now);
        }
        return now;
    }
}
