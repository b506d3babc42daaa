package dev.parley.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.cluster.NodeStore.Description;
import dev.parley.concurrent.ManualTicker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A node's own view of its heartbeat, with a clock that the test turns. */
class MembershipTest {
    private static final Instant START = Instant.parse("2026-11-21T10:00:00Z");
    private static final Description NODE = new Description("a", "127.0.0.1:8081", "test");

    private final ManualTicker ticker = new ManualTicker(START);
    private final List<Long> fenced = new ArrayList<>();
    private Duration beatTakes = Duration.ZERO;
    private final FakeNodeStore store = new FakeNodeStore(ticker, () -> ticker.advance(beatTakes));
    private final Membership node = Membership.register(store, NODE, ticker, fenced::add);

    @Test
    void admitsFromItsRegistrationOn() {
        assertThat(node.admitting()).isTrue();
        assertThat(node.epoch()).isEqualTo(1);
        assertThat(node.problem()).isEmpty();
    }

    @Test
    void stopsAdmittingBeforeOthersMayReapIt() {
        store.away = true;
        ticker.advance(Membership.SILENCE_OWN);
        assertThat(node.admitting()).isTrue();

        ticker.advance(Duration.ofMillis(1));

        assertThat(node.admitting()).isFalse();
        assertThat(node.problem()).hasValueSatisfying(why -> assertThat(why).contains("no heartbeat"));
        assertThat(Membership.SILENCE_OTHERS).isGreaterThan(Membership.SILENCE_OWN);
    }

    @Test
    void aHeartbeatCountsFromBeforeItWasSent() {
        beatTakes = Duration.ofMillis(2_500);
        node.beat();
        ticker.advance(Duration.ofMillis(501));

        assertThat(node.admitting()).isFalse();
    }

    @Test
    void stepsOfTheWallClockChangeNothing() {
        node.beat();
        ticker.step(START.plus(Duration.ofDays(400)));
        assertThat(node.admitting()).isTrue();
        assertThat(node.databaseNow()).isEqualTo(START);

        ticker.advance(Duration.ofSeconds(2));

        assertThat(node.databaseNow()).isEqualTo(START.plusSeconds(2));
    }

    @Test
    void admitsAgainUnderTheSameEpochWhenTheDatabaseIsBackInTime() {
        store.away = true;
        ticker.advance(Duration.ofSeconds(4));
        node.beat();
        assertThat(node.admitting()).isFalse();

        store.away = false;
        node.beat();

        assertThat(node.admitting()).isTrue();
        assertThat(node.epoch()).isEqualTo(1);
        assertThat(fenced).isEmpty();
    }

    @Test
    void aFencedNodeTellsAndRegistersAnew() {
        store.ended = true;

        node.beat();

        assertThat(fenced).containsExactly(1L);
        assertThat(node.epoch()).isEqualTo(2);
        assertThat(node.admitting()).isTrue();
    }

    @Test
    void aFencedNodeWhoseNameIsTakenStaysOutUntilItIsFree() {
        store.ended = true;
        store.nameTaken = true;
        node.beat();
        node.beat();
        assertThat(node.admitting()).isFalse();
        assertThat(node.problem()).hasValueSatisfying(why -> assertThat(why).contains("name"));
        assertThat(fenced).containsExactly(1L);

        store.nameTaken = false;
        node.beat();

        assertThat(node.epoch()).isEqualTo(2);
        assertThat(node.admitting()).isTrue();
    }

    @Test
    void isSteadyOnlyAfterATimeWithoutALateHeartbeat() {
        for (int second = 0; second < 6; second++) {
            ticker.advance(Membership.BEAT_EVERY);
            node.beat();
        }
        assertThat(node.steady()).isGreaterThanOrEqualTo(Membership.SILENCE_OTHERS);

        beatTakes = Duration.ofMillis(1_001);
        node.beat();

        assertThat(node.steady()).isZero();
    }

    @Test
    void isNotSteadyAfterAnOutage() {
        store.away = true;
        ticker.advance(Duration.ofMinutes(5));
        node.beat();
        store.away = false;
        node.beat();

        assertThat(node.steady()).isZero();
    }

    @Test
    void saysWithItsHeartbeatThatItDrains() {
        node.draining();
        node.beat();

        assertThat(store.draining).isTrue();
    }

    @Test
    void endsItsEpochWhenItStops() {
        node.close();

        assertThat(store.stopped).isEqualTo(1);
    }

    @Test
    void leavesAnEpochAloneThatOthersEnded() {
        store.ended = true;
        store.nameTaken = true;
        node.beat();

        node.close();

        assertThat(store.stopped).isZero();
    }
}
