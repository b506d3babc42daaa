package dev.parley.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.domain.Refusal.Kind;
import dev.parley.pool.LoopRig.Asked;
import dev.parley.relay.Gate;
import dev.parley.relay.LegEnd;
import dev.parley.relay.MessageHead;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Who gets the next upstream session when there are fewer than are wanted. */
class WaitingTest {
    private final FakeProvider provider = new FakeProvider("main", 1, 100);
    private final LoopRig rig = new LoopRig(provider);

    WaitingTest() {
        rig.settings.warmMax = 0;
    }

    @Test
    void oneTenantsBurstDelaysAnotherByOneTurnOnly() {
        rig.settings.connectsMax = 1;
        List<Asked> burst = ask("acme", 50);
        Asked other = rig.ask("globex");
        Asked third = rig.ask("initech");
        for (int i = 0; i < 3; i++) {
            provider.succeed();
        }

        assertThat(other.isConnected()).isTrue();
        assertThat(third.isConnected()).isTrue();
        assertThat(burst.stream().filter(Asked::isConnected)).hasSize(1);
    }

    @Test
    void withinATenantItIsFirstComeFirstServed() {
        rig.settings.connectsMax = 1;
        List<Asked> all = ask("acme", 3);
        provider.succeed();
        assertThat(all.stream().map(Asked::isConnected)).containsExactly(true, false, false);
        provider.succeed();
        assertThat(all.stream().map(Asked::isConnected)).containsExactly(true, true, false);
    }

    @Test
    void aTenantHasNoMoreThanItsCapAndOthersAreNotHeldUpByIt() {
        rig.settings.tenantSessionsMax = 2;
        List<Asked> greedy = ask("acme", 5);
        Asked other = rig.ask("globex");
        assertThat(provider.pending())
                .as("connections for those who may have one")
                .isEqualTo(3);
        provider.succeedAll();

        assertThat(greedy.stream().filter(Asked::isConnected)).hasSize(2);
        assertThat(other.isConnected()).isTrue();
        greedy.getFirst().release();
        provider.succeedAll();
        assertThat(greedy.stream().filter(Asked::isConnected)).hasSize(3);
        rig.pass(Duration.ofSeconds(2));
        assertThat(greedy.getLast().refusal().refusal().code()).isEqualTo("tenant_upstream_sessions_exhausted");
        assertThat(greedy.getLast().refusal().refusal().message()).contains(" 2 ");
    }

    @Test
    void aTenantsLineHasABound() {
        rig.settings.tenantWaitingMax = 3;
        List<Asked> all = ask("acme", 4);

        assertThat(all.getLast().refusal().refusal().kind()).isEqualTo(Kind.OVERLOADED);
        assertThat(all.getLast().refusal().refusal().message()).startsWith("3 sessions");
        assertThat(rig.ask("globex").waits()).isTrue();
    }

    @Test
    void nobodyWaitsForLongerThanSettingsSay() {
        Asked asked = rig.ask("acme");
        rig.pass(Duration.ofMillis(1_950));
        assertThat(asked.waits()).isTrue();
        rig.pass(Duration.ofMillis(50));
        assertThat(asked.refusal().refusal().retryAfter()).isNotNull();
        assertThat(rig.row().clWaiting()).isZero();
    }

    @Test
    void anAccountsCapHoldsOverModelsAndLoops() {
        FakeProvider small = new FakeProvider("small", 1, 3);
        LoopRig own = new LoopRig(small);
        own.settings.warmMax = 0;
        LoopPool one = own.loop();
        LoopPool two = own.anotherLoop();
        List<Asked> all = List.of(
                own.ask(one, "acme", LoopRig.MODEL),
                own.ask(one, "acme", LoopRig.OTHER),
                own.ask(two, "acme", LoopRig.MODEL),
                own.ask(two, "acme", LoopRig.OTHER));
        small.succeedAll();

        assertThat(all.stream().filter(Asked::isConnected)).hasSize(3);
        assertThat(own.account("small").open()).isEqualTo(3);
        all.getFirst().release();
        own.settle();
        small.succeedAll();
        assertThat(all.getLast().isConnected())
                .as("freed on one loop, used on the other")
                .isTrue();
        assertThat(small.dialed()).isEqualTo(4);
    }

    @Test
    void aWarmSessionThatNobodyWantsMakesRoomForOneThatSomebodyDoes() {
        FakeProvider small = new FakeProvider("small", 1, 2);
        LoopRig own = new LoopRig(small);
        own.settings.warmMin = 1;
        own.settings.warmMax = 1;
        LoopPool one = own.loop();
        LoopPool two = own.anotherLoop();
        Asked first = own.ask(one, "acme", LoopRig.MODEL);
        small.succeedAll();
        assertThat(first.isConnected()).isTrue();
        assertThat(own.account("small").open()).as("one in use, one warm").isEqualTo(2);

        Asked second = own.ask(two, "acme", LoopRig.OTHER);
        own.settle();
        small.succeedAll();
        assertThat(own.ended).containsExactly("made_room");
        assertThat(second.isConnected()).isTrue();
        assertThat(own.account("small").open()).isEqualTo(2);
    }

    @Test
    void theReserveIsForThoseWhoHaveWaited() {
        FakeProvider small = new FakeProvider("small", 1, 10);
        LoopRig own = new LoopRig(small);
        own.settings.warmMax = 0;
        own.settings.reservePercent = 20;
        List<Asked> all = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            all.add(own.ask("acme"));
        }
        small.succeedAll();
        assertThat(all.stream().filter(Asked::isConnected)).hasSize(8);
        own.pass(Duration.ofSeconds(1));
        small.succeedAll();
        assertThat(all.stream().filter(Asked::isConnected)).hasSize(10);
        own.pass(Duration.ofSeconds(1));
        assertThat(all.getLast().refusal().refusal().code()).isEqualTo("upstream_sessions_exhausted");
    }

    @Test
    void noMoreThanSoManyConnectionsAreOpenedAtOnce() {
        rig.settings.connectsMax = 4;
        List<Asked> all = ask("acme", 20);
        for (int round = 0; round < 5; round++) {
            assertThat(provider.pending()).isEqualTo(4);
            for (int i = 0; i < 4; i++) {
                provider.succeed();
            }
        }
        assertThat(all).allMatch(Asked::isConnected);
        assertThat(provider.dialed()).isEqualTo(20);
    }

    @Test
    void oneThatItsHolderForgetsIsFoundAndItsPlaceIsFree() {
        Asked asked = rig.ask("acme");
        FakeLeg leg = provider.succeed();
        leg.judge(new Forgetful());
        leg.end(LegEnd.Cause.PEER_LOST, 1006, "");
        assertThat(rig.account("main").open()).isEqualTo(1);
        rig.pass(Duration.ofSeconds(60));

        assertThat(rig.ended).containsExactly("leaked");
        assertThat(rig.account("main").open()).isZero();
        asked.release();
        assertThat(rig.account("main").open())
                .as("late words count nothing twice")
                .isZero();
    }

    private List<Asked> ask(String tenant, int number) {
        return Stream.generate(() -> rig.ask(tenant)).limit(number).toList();
    }

    private static final class Forgetful implements Gate {
        @Override
        public Verdict onMessage(MessageHead head) {
            return Verdict.DROP;
        }

        @Override
        public void onEnd(LegEnd end) {}
    }
}
