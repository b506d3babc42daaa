package dev.parley.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.pool.LoopRig.Asked;
import dev.parley.protocol.EventType;
import dev.parley.relay.LegEnd;
import dev.parley.upstream.Fault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is kept warm, for how long, and to whom it goes. */
class WarmSessionsTest {
    private final FakeProvider provider = new FakeProvider("main", 1, 100);
    private final LoopRig rig = new LoopRig(provider);

    @Test
    void fillsUpBeforeAnybodyAsks() {
        rig.settings.warmMin = 3;
        rig.settings.warmModels = Set.of("gpt-realtime");
        rig.loop();

        assertThat(provider.pending()).isEqualTo(3);
        provider.succeedAll();
        assertThat(rig.row().svIdle()).isEqualTo(3);
        assertThat(rig.ask("acme").isConnected()).isTrue();
        assertThat(provider.pending()).as("the one handed out is made good").isEqualTo(1);
    }

    @Test
    void handsEachSessionToOneHolderOnly() {
        rig.settings.warmMin = 4;
        Set<Object> legs = new HashSet<>();
        for (int i = 0; i < 40; i++) {
            Asked asked = rig.ask(i % 2 == 0 ? "acme" : "globex");
            provider.succeedAll();
            assertThat(legs.add(asked.session().leg()))
                    .as("never handed out before")
                    .isTrue();
            asked.release();
        }
        assertThat(rig.row().clActive()).isZero();
        assertThat(rig.account("main").open()).isEqualTo(rig.row().svIdle());
    }

    @Test
    void aBurstOpensAsManyConnectionsAsItNeedsAndNoMore() {
        rig.settings.warmMin = 5;
        rig.settings.warmModels = Set.of("gpt-realtime");
        rig.loop();
        provider.succeedAll();

        List<Asked> burst = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            burst.add(rig.ask("acme"));
        }
        assertThat(burst.stream().filter(Asked::isConnected)).hasSize(5);
        provider.succeedAll();

        assertThat(burst).allMatch(Asked::isConnected);
        assertThat(provider.dialed())
                .as("50 handed out, and what is to be warm")
                .isEqualTo(50 + rig.row().svWarmTarget());
    }

    @Test
    void aConnectionWhoseSessionWentAwayServesTheNext() {
        Asked first = rig.ask("acme");
        rig.pass(Duration.ofSeconds(2));
        assertThat(first.refusal().upstreamCode()).isEqualTo("acquire_timeout");

        Asked second = rig.ask("acme");
        int dialed = provider.dialed();
        provider.succeed();
        assertThat(second.isConnected()).isTrue();
        assertThat(provider.dialed()).isEqualTo(dialed);
    }

    @Test
    void theNumberFollowsTheArrivalRateBetweenFloorAndCeiling() {
        rig.settings.warmMin = 2;
        rig.settings.warmMax = 12;
        rig.loop();
        for (int i = 0; i < 400; i++) {
            rig.ask("acme");
            rig.pass(Duration.ofMillis(50));
            provider.succeedAll();
        }
        int busy = rig.row().svWarmTarget();
        rig.pass(Duration.ofMinutes(9));
        int quiet = rig.row().svWarmTarget();

        // 20 a second, 50 ms each: one arrives during a handshake, and twice its root more.
        assertThat(busy).isBetween(3, 12);
        assertThat(quiet).isEqualTo(2);
    }

    @Test
    void replacesWhatHasBeenWarmForLongAndNotAllAtOnce() {
        rig.settings.warmMin = 10;
        rig.settings.warmModels = Set.of("gpt-realtime");
        rig.settings.warmLifetime = Duration.ofMinutes(5);
        rig.loop();
        provider.succeedAll();
        List<Integer> endings = new ArrayList<>();
        for (int second = 0; second < 330; second++) {
            rig.pass(Duration.ofSeconds(1));
            provider.succeedAll();
            endings.add(rig.ended.size());
        }

        assertThat(endings.get(268))
                .as("none before nine tenths of the lifetime")
                .isZero();
        assertThat(endings.getLast()).as("all by its end").isGreaterThanOrEqualTo(10);
        assertThat(rig.ended).containsOnly("expired");
        for (int second = 1; second < endings.size(); second++) {
            assertThat(endings.get(second) - endings.get(second - 1)).isLessThanOrEqualTo(1);
        }
        assertThat(rig.row().svIdle()).isEqualTo(10);
    }

    @Test
    void forgetsAModelThatNobodyAsksForAnyMore() {
        rig.settings.warmMin = 2;
        rig.settings.forgetAfter = Duration.ofMinutes(1);
        Asked asked = rig.ask("acme");
        provider.succeedAll();
        asked.release();
        for (int minute = 0; minute < 8; minute++) {
            rig.pass(Duration.ofMinutes(1));
            provider.succeedAll();
        }

        rig.loop().publish();
        assertThat(rig.loop().published()).isEmpty();
        assertThat(rig.account("main").open()).isZero();
    }

    @Test
    void asksASilentOneForASignOfLifeBeforeItIsHandedOut() {
        rig.settings.warmMin = 2;
        rig.settings.warmModels = Set.of("gpt-realtime");
        rig.loop();
        FakeLeg dead = provider.succeed();
        FakeLeg alive = provider.succeed();
        dead.silent = Duration.ofSeconds(31).toNanos();
        dead.answersPings = false;
        alive.silent = Duration.ofSeconds(31).toNanos();

        Asked first = rig.ask("acme");
        assertThat(first.waits()).as("the first is being asked").isTrue();
        Asked second = rig.ask("acme");
        assertThat(first.session().leg()).isSameAs(alive);
        assertThat(second.waits()).isTrue();
        rig.pass(Duration.ofSeconds(1));
        provider.succeedAll();
        assertThat(second.isConnected()).isTrue();
        rig.pass(Duration.ofSeconds(2));
        assertThat(rig.ended).contains("silent");
        assertThat(dead.isOpen()).isFalse();
    }

    @Test
    void replacesOneThatTheProviderEnds() {
        rig.settings.warmMin = 1;
        rig.settings.warmModels = Set.of("gpt-realtime");
        rig.loop();
        FakeLeg leg = provider.succeed();
        rig.pass(Duration.ofSeconds(20));
        leg.end(LegEnd.Cause.PEER_LOST, 1006, "");

        assertThat(rig.ended).containsExactly("lost");
        assertThat(provider.pending()).isEqualTo(1);
    }

    @Test
    void doesNotConnectWithoutEndToAProviderThatEndsItsSessionsAtOnce() {
        rig.settings.warmMin = 1;
        rig.settings.warmModels = Set.of("gpt-realtime");
        rig.loop();
        for (int tick = 0; tick < 1_200; tick++) {
            rig.pass(Duration.ofMillis(50));
            while (provider.pending() > 0) {
                provider.succeed().end(LegEnd.Cause.PEER_CLOSED, 1000, "");
            }
        }
        // After 1, 2, 4, … seconds: seven in a minute.
        assertThat(provider.dialed()).isLessThanOrEqualTo(8);
        Asked asked = rig.ask("acme");
        provider.succeed();
        assertThat(asked.isConnected()).as("who asks is not kept waiting").isTrue();
    }

    @Test
    void doesNotHandOutOneOnWhichAnythingHasHappened() {
        rig.settings.warmMin = 3;
        rig.settings.warmModels = Set.of("gpt-realtime");
        rig.loop();
        FakeLeg errs = provider.succeed();
        FakeLeg responds = provider.succeed();
        FakeLeg chats = provider.succeed();
        errs.receive(EventType.ERROR, "{\"type\":\"error\",\"error\":{\"type\":\"server_error\"}}");
        responds.receive(EventType.RESPONSE_CREATED, "{\"type\":\"response.created\"}");
        chats.receive(EventType.UNKNOWN, "{\"type\":\"conversation.created\"}");

        assertThat(rig.ended).containsExactly("poisoned", "poisoned");
        Asked asked = rig.ask("acme");
        assertThat(asked.session().leg()).isSameAs(chats);
        assertThat(asked.session().early()).hasSize(1);
    }

    @Test
    void letsGoOfTheWarmOnesOfAnAccountThatIsRefused() {
        rig.settings.warmMin = 2;
        rig.settings.warmModels = Set.of("gpt-realtime");
        rig.loop();
        provider.succeedAll();
        Asked asked = rig.ask("acme");
        provider.fail(Fault.CREDENTIAL, "http_401", null);
        rig.pass(Duration.ofSeconds(2));

        assertThat(rig.ended).contains("account");
        assertThat(rig.row().svIdle()).isZero();
        assertThat(asked.session().leg().isOpen()).as("who has one keeps it").isTrue();
    }

    @Test
    void nothingIsLeftWhenItStops() {
        rig.settings.warmMin = 3;
        rig.settings.warmModels = Set.of("gpt-realtime");
        rig.loop();
        provider.succeedAll();
        Asked held = rig.ask("acme");
        Asked waiting = rig.ask(rig.loop(), "acme", LoopRig.OTHER);
        rig.loop().stop();
        rig.settle();
        provider.succeedAll();

        assertThat(waiting.refusal().upstreamCode()).isEqualTo("stopped");
        assertThat(rig.account("main").open()).as("the one that is held").isEqualTo(1);
        held.release();
        assertThat(rig.account("main").open()).isZero();
        assertThat(rig.ask("acme").refusal().upstreamCode())
                .as("nobody waits for it")
                .isEqualTo("stopped");
    }
}
