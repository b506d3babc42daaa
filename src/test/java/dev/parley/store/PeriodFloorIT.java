package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.cluster.NodeStore.Description;
import dev.parley.concurrent.Eventually;
import dev.parley.concurrent.ManualTicker;
import dev.parley.domain.NodeIdentity;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** From which month on a node says that it may still write. */
class PeriodFloorIT {
    private static final TestDatabase DB = TestDatabase.create();
    private static final Duration UP = Duration.ofHours(1);

    @AfterAll
    static void close() {
        DB.close();
    }

    @ParameterizedTest(name = "at {0}, with a claim {1} old: {2}")
    @CsvSource({
        "2026-11-30T23:59:30Z, PT0S, 202611",
        "2026-12-01T00:00:30Z, PT0S, 202611",
        "2026-12-01T00:01:30Z, PT0S, 202612",
        "2026-12-01T00:30:00Z, PT20M, 202612",
        "2026-12-01T00:30:00Z, PT30M, 202611",
        "2026-12-01T00:30:00Z, PT45M, 202611",
        "2027-01-01T00:30:00Z, PT45M, 202612",
    })
    void isTheMonthOfTheOldestClaimAMinuteBack(Instant now, Duration oldestClaim, int floor) {
        ManualTicker ticker = new ManualTicker(now.minus(UP));
        ticker.advance(UP);
        long epoch = new JdbcNodes(DB.database())
                .register(new Description("node", "127.0.0.1:1", "test"), true)
                .orElseThrow()
                .epoch();
        long claimed = ticker.nanos() - oldestClaim.toNanos();

        try (PeriodFloor _ = new PeriodFloor(DB.database(), new Node(epoch, now), () -> claimed, ticker)) {
            String told = "select coalesce(writes_from, 0) from node where epoch = " + epoch;
            Eventually.holds("the floor is told", () -> !DB.query(told).equals("0"));
            assertThat(DB.query(told)).isEqualTo(Integer.toString(floor));
        }
    }

    private record Node(long epoch, Instant databaseNow) implements NodeIdentity {
        @Override
        public String name() {
            return "node";
        }

        @Override
        public boolean admitting() {
            return true;
        }
    }
}
