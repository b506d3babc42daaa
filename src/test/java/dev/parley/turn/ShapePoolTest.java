package dev.parley.turn;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.TenantId;
import dev.parley.protocol.EventType;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Who gets a place on which shared upstream session, and when one more is opened. The test turns the time. */
class ShapePoolTest {
    private static final Shape SHAPE = shape("acme", "one");

    private final VirtualLoop loop = new VirtualLoop();
    private final PacedProvider provider = new PacedProvider(loop);
    private final List<Asked> asked = new ArrayList<>();
    private long doneAt;

    @Test
    void aSpikeOnFiveWarmSessionsOpensNoMoreThanOne() {
        LoopUpstreams upstreams = upstreams(TurnRig.limits(1, 50, Duration.ofMinutes(10)));
        ask(upstreams, SHAPE, 5);
        run(Duration.ofSeconds(1));
        assertThat(provider.opened()).as("warm").isEqualTo(5);
        long begun = loop.nanos();
        ask(upstreams, SHAPE, 50);
        run(Duration.ofSeconds(1));

        System.out.println(
                "spike: 50 responses of 2 ms at once on 5 warm upstream sessions with one place each, connect 150 ms: "
                        + (doneAt - begun) / 1_000_000 + " ms, " + provider.opened() + " upstream sessions in all");
        assertThat(statuses("done")).isEqualTo(55);
        assertThat(provider.opened()).isLessThanOrEqualTo(6);
        assertThat(doneAt - begun)
                .as("ten rounds of 2 ms")
                .isLessThan(Duration.ofMillis(25).toNanos());
    }

    @Test
    void aColdSpikeOpensWhatItsResponsesNeedAtOnce() {
        LoopUpstreams upstreams = upstreams(TurnLimits.STANDARD);
        ask(upstreams, SHAPE, 50);
        run(Duration.ofSeconds(1));
        assertThat(provider.opened()).as("sixteen places each").isEqualTo(4);
        assertThat(statuses("done")).isEqualTo(50);
    }

    @Test
    void whoeverHopesInVainGetsAConnection() {
        LoopUpstreams upstreams = upstreams(TurnRig.limits(1, 50, Duration.ofMinutes(10)));
        ask(upstreams, SHAPE, 2);
        run(Duration.ofSeconds(1));
        provider.response = Duration.ofSeconds(30);
        ask(upstreams, SHAPE, 2);
        ask(upstreams, SHAPE, 3);
        assertThat(provider.opened()).as("two places that come free every 2 ms").isEqualTo(2);
        run(Duration.ofMillis(400));
        assertThat(provider.opened()).isEqualTo(5);
        assertThat(asked).as("all have a place").noneMatch(Asked::waits);
    }

    @Test
    void aTenantHasSoManySessionsAndSoManyWhoWait() {
        provider.response = Duration.ofMinutes(1);
        LoopUpstreams upstreams = upstreams(TurnRig.limits(2, 3, Duration.ofMinutes(10)));
        ask(upstreams, SHAPE, 6 + TurnLimits.STANDARD.waitingMax() + 1);
        assertThat(statuses("too_many_responses")).as("one too many").isEqualTo(7);
        run(Duration.ofSeconds(4));
        assertThat(provider.opened()).isEqualTo(3);
        ask(upstreams, shape("other", "one"), 1);
        run(Duration.ofSeconds(2));
        assertThat(provider.opened()).as("another tenant's is its own").isEqualTo(4);
        assertThat(statuses("too_many_responses")).as("none in time").isEqualTo(1 + TurnLimits.STANDARD.waitingMax());
    }

    @Test
    void requestsThatWaitHaveABoundInBytes() {
        LoopUpstreams upstreams = upstreams(TurnLimits.STANDARD);
        int half = (int) (TurnLimits.STANDARD.waitingBytesMax() / 2);
        Asked first = new Asked(half);
        Asked second = new Asked(half);
        Asked third = new Asked(1);
        List.of(first, second, third).forEach(one -> upstreams.run(SHAPE, one));
        assertThat(third.end).isEqualTo("too_many_responses");
        run(Duration.ofSeconds(1));
        assertThat(List.of(first.end, second.end)).containsOnly("done");
    }

    @Test
    void aShapeWithoutASessionGetsThePlaceOfAnother() {
        provider.response = Duration.ofSeconds(2);
        LoopUpstreams upstreams = upstreams(TurnRig.limits(1, 3, Duration.ofMinutes(10)));
        ask(upstreams, SHAPE, 3);
        run(Duration.ofSeconds(1));
        Asked other = new Asked(1);
        upstreams.run(shape("acme", "two"), other);
        run(Duration.ofSeconds(4));
        assertThat(other.end).isEqualTo("done");
        assertThat(provider.open()).as("those that take responses").isEqualTo(3);
    }

    @Test
    void aProviderThatIsAwayIsToldAtOnceAndTriedAgain() {
        provider.away = true;
        LoopUpstreams upstreams = upstreams(TurnLimits.STANDARD);
        ask(upstreams, SHAPE, 20);
        run(Duration.ofMillis(200));
        assertThat(statuses("upstream_unavailable")).isEqualTo(20);
        assertThat(provider.opened()).isEqualTo(2);
        provider.away = false;
        ask(upstreams, SHAPE, 1);
        run(Duration.ofSeconds(1));
        assertThat(statuses("done")).isEqualTo(1);
    }

    @Test
    void thoseWhoWaitDoNotStormAProviderThatIsAway() {
        provider.response = Duration.ofSeconds(10);
        LoopUpstreams upstreams = upstreams(TurnRig.limits(1, 8, Duration.ofMinutes(10)));
        ask(upstreams, SHAPE, 1);
        run(Duration.ofSeconds(1));
        provider.away = true;
        provider.connect = Duration.ofMillis(1);
        ask(upstreams, SHAPE, 1);
        run(Duration.ofSeconds(4));
        assertThat(provider.opened()).as("one in half a second").isBetween(5, 10);
    }

    @Test
    void idleAndOldSessionsGo() {
        LoopUpstreams upstreams = upstreams(TurnLimits.STANDARD);
        ask(upstreams, SHAPE, 40);
        run(Duration.ofSeconds(1));
        assertThat(upstreams.open()).isEqualTo(3);
        run(TurnLimits.STANDARD.idleMax());
        assertThat(upstreams.open()).isZero();
        assertThat(provider.open()).isZero();
        for (int minute = 0; minute < 60; minute++) {
            for (int half = 0; half < 2; half++) {
                ask(upstreams, SHAPE, 1);
                run(Duration.ofSeconds(30));
            }
        }
        assertThat(provider.opened()).as("one in use for an hour").isBetween(5, 6);
        upstreams.close();
        run(Duration.ofSeconds(1));
        assertThat(provider.open()).isZero();
        assertThat(loop.pending()).isZero();
    }

    private LoopUpstreams upstreams(TurnLimits limits) {
        return new LoopUpstreams(loop.vertx(), provider, limits, loop, new SplittableRandom(1));
    }

    private static Shape shape(String tenant, String settings) {
        return new Shape(
                new TenantId(tenant),
                new ModelName("gpt-realtime"),
                "{\"type\":\"realtime\",\"instructions\":\"" + settings + "\"}");
    }

    private void ask(LoopUpstreams upstreams, Shape shape, int count) {
        for (int i = 0; i < count; i++) {
            Asked one = new Asked(10);
            asked.add(one);
            upstreams.run(shape, one);
        }
    }

    private void run(Duration time) {
        loop.runFor(time);
    }

    private int statuses(String end) {
        return Math.toIntExact(asked.stream().filter(one -> one.end.equals(end)).count());
    }

    private final class Asked implements ResponseOwner {
        private final int bytes;
        private boolean placed;
        private String end = "";

        Asked(int bytes) {
            this.bytes = bytes;
        }

        @Override
        public Buffer request(SharedUpstream on, String correlation) {
            placed = true;
            return Buffer.buffer("{\"type\":\"response.create\",\"response\":{\"metadata\":{\"parley_turn\":\""
                    + correlation + "\"}}}");
        }

        @Override
        public int waitingBytes() {
            return bytes;
        }

        @Override
        public boolean waits() {
            return !placed && end.isEmpty();
        }

        @Override
        public void unavailable(Refusal refusal) {
            end = refusal.code();
        }

        @Override
        public void created(ObjectNode event) {}

        @Override
        public void event(EventType type, ObjectNode event) {}

        @Override
        public void done(ObjectNode event) {
            end = "done";
            doneAt = loop.nanos();
        }

        @Override
        public void refused(JsonNode error) {
            end = "refused";
        }

        @Override
        public void lost() {
            end = "lost";
        }
    }
}
