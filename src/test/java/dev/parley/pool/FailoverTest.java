package dev.parley.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.domain.Refusal.Kind;
import dev.parley.pool.LoopRig.Asked;
import dev.parley.relay.LegEnd;
import dev.parley.upstream.Breaker;
import dev.parley.upstream.Fault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Several accounts: which one is used, and what happens when one fails. */
class FailoverTest {
    private final FakeProvider first = new FakeProvider("first", 1, 100);
    private final FakeProvider second = new FakeProvider("second", 1, 100);
    private final FakeProvider third = new FakeProvider("third", 2, 100);
    private final LoopRig rig = new LoopRig(first, second, third);

    FailoverTest() {
        rig.settings.warmMax = 0;
    }

    @Test
    void sessionsAreSpreadByWeight() {
        for (int i = 0; i < 40; i++) {
            rig.ask("acme");
            List.of(first, second, third).forEach(FakeProvider::succeedAll);
        }
        assertThat(first.dialed()).isEqualTo(10);
        assertThat(second.dialed()).isEqualTo(10);
        assertThat(third.dialed()).isEqualTo(20);
    }

    @Test
    void aSessionWhoseConnectionFailsGetsOneFromAnotherAccount() {
        Asked asked = rig.ask("acme");
        assertThat(third.pending()).isEqualTo(1);
        third.fail(Fault.UNREACHABLE, "reset", null);
        assertThat(asked.waits()).isTrue();
        assertThat(first.pending() + second.pending()).isEqualTo(1);
        List.of(first, second).forEach(FakeProvider::succeedAll);
        assertThat(asked.isConnected()).isTrue();
    }

    @Test
    void anAccountThatHangsIsDoubledForThoseWhoWaitAndThenPassedOver() {
        Asked asked = rig.ask("acme");
        assertThat(third.pending()).isEqualTo(1);
        rig.pass(Duration.ofMillis(1_050));
        assertThat(first.pending() + second.pending())
                .as("another, before the wait is over")
                .isEqualTo(1);
        List.of(first, second).forEach(FakeProvider::succeedAll);
        assertThat(asked.isConnected()).isTrue();
        List<Asked> further = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            further.add(rig.ask("acme"));
            List.of(first, second).forEach(FakeProvider::succeedAll);
        }
        assertThat(further).allMatch(Asked::isConnected);
        assertThat(third.dialed()).isEqualTo(1);
    }

    @Test
    void aRefusedCredentialWaitsForAnOperator() {
        Asked asked = rig.ask("acme");
        third.fail(Fault.CREDENTIAL, "http_401", null);
        rig.pass(Duration.ofHours(1));
        List.of(first, second).forEach(FakeProvider::succeedAll);
        for (int i = 0; i < 20; i++) {
            rig.ask("acme");
            List.of(first, second).forEach(FakeProvider::succeedAll);
        }
        assertThat(asked.waits()).isFalse();
        assertThat(third.dialed()).isEqualTo(1);

        rig.accounts.follow(List.of(first.config, second.config, third.config), Set.of("third"));
        rig.ask("acme");
        assertThat(third.pending()).isEqualTo(1);
    }

    @Test
    void aRateLimitIsLeftAloneForAsLongAsItAsksAndThenProbedByOne() {
        rig.ask("acme");
        third.fail(Fault.RATE, "http_429", Duration.ofSeconds(30));
        assertThat(rig.account("third").breaker().status().state()).isEqualTo(Breaker.State.OPEN);
        List.of(first, second).forEach(FakeProvider::succeedAll);
        rig.pass(Duration.ofSeconds(29));
        rig.ask("acme");
        assertThat(third.dialed()).isEqualTo(1);
        rig.pass(Duration.ofSeconds(1));
        for (int i = 0; i < 10; i++) {
            rig.ask("acme");
        }
        assertThat(third.pending()).as("one probe").isEqualTo(1);
        third.succeed();
        rig.ask("acme");
        assertThat(third.pending()).as("healed").isEqualTo(1);
    }

    @Test
    void whenNoAccountCanBeHadInTimeNobodyIsKeptWaiting() {
        Asked asked = rig.ask("acme");
        third.fail(Fault.RATE, "http_429", Duration.ofSeconds(30));
        List.of(first, second).forEach(provider -> {
            if (provider.pending() > 0) {
                provider.fail(Fault.RATE, "http_429", Duration.ofSeconds(20));
            }
        });
        List.of(first, second).forEach(provider -> {
            if (provider.pending() > 0) {
                provider.fail(Fault.RATE, "http_429", Duration.ofSeconds(20));
            }
        });
        rig.settle();

        assertThat(asked.refusal().upstreamCode()).isEqualTo("http_429");
        assertThat(asked.refusal().refusal().kind()).isEqualTo(Kind.UPSTREAM_UNAVAILABLE);
        assertThat(asked.refusal().refusal().retryAfter()).isEqualTo(Duration.ofSeconds(20));
        assertThat(rig.ask("acme").waits()).isFalse();
    }

    @Test
    void aHiccupOfTheOnlyAccountIsWaitedOut() {
        FakeProvider only = new FakeProvider("only", 1, 100);
        LoopRig own = new LoopRig(only);
        own.settings.warmMax = 0;
        Asked asked = own.ask("acme");
        only.fail(Fault.UNREACHABLE, "reset", null);
        own.settle();
        assertThat(asked.waits())
                .as("the breaker opens again before its time is up")
                .isTrue();
        own.pass(Duration.ofSeconds(1));
        only.succeed();
        assertThat(asked.isConnected()).isTrue();
    }

    @Test
    void aModelThatOneAccountDoesNotHaveIsAskedOfTheOthers() {
        Asked asked = rig.ask("acme");
        third.fail(Fault.REQUEST, "invalid_model", null);
        List.of(first, second).forEach(FakeProvider::succeedAll);
        assertThat(asked.isConnected()).isTrue();
        for (int i = 0; i < 10; i++) {
            rig.ask("acme");
            List.of(first, second).forEach(FakeProvider::succeedAll);
        }
        assertThat(third.dialed()).isEqualTo(1);
        assertThat(rig.account("third").breaker().isClosed())
                .as("the account is well")
                .isTrue();
    }

    @Test
    void aUsedUpQuotaThatOneSessionMeetsCountsForTheAccount() {
        Asked asked = rig.ask("acme");
        third.succeed();
        asked.session().lease().reported("insufficient_quota");
        asked.session().lease().reported("insufficient_quota");
        assertThat(rig.account("third").breaker().status().state()).isEqualTo(Breaker.State.OPEN);
        rig.pass(Duration.ofSeconds(59));
        rig.ask("acme");
        assertThat(third.dialed()).isEqualTo(1);
        rig.pass(Duration.ofSeconds(2));
        for (int i = 0; i < 3; i++) {
            rig.ask("acme");
        }
        assertThat(third.dialed()).isEqualTo(2);
    }

    @Test
    void aCloseThatTellsOfTheCredentialLocksTheAccount() {
        Asked asked = rig.ask("acme");
        third.succeed();
        asked.session()
                .lease()
                .ended(new LegEnd(LegEnd.Cause.PEER_CLOSED, 3000, "invalid_request_error.invalid_api_key"));
        assertThat(rig.account("third").breaker().status().state()).isEqualTo(Breaker.State.LOCKED);
    }

    @Test
    void whatAnOlderKeyMeetsSaysNothingOfTheNewOne() {
        Asked running = rig.ask("acme");
        third.succeed();
        rig.ask("acme");
        rig.ask("acme");
        List.of(first, second).forEach(FakeProvider::succeedAll);
        Asked waiting = rig.ask("acme");
        assertThat(third.pending()).as("on its way with the older key").isEqualTo(1);
        FakeProvider renewed = new FakeProvider("third", 5, 100);
        rig.renew(renewed);

        running.session()
                .lease()
                .ended(new LegEnd(LegEnd.Cause.PEER_CLOSED, 3000, "invalid_request_error.invalid_api_key"));
        third.fail(Fault.CREDENTIAL, "http_401", null);
        assertThat(rig.account("third").breaker().isClosed()).isTrue();
        renewed.succeed();
        assertThat(waiting.isConnected()).isTrue();
    }

    @Test
    void whatAClientMayHaveProvokedShunsTheAccountAndNoMore() {
        Asked asked = rig.ask("acme");
        third.succeed();
        asked.session().lease().reported("invalid_api_key");
        asked.session().lease().reported("rate_limit_exceeded");
        asked.session().lease().reported("invalid_value");
        assertThat(rig.account("third").breaker().isClosed()).isTrue();
        for (int i = 0; i < 5; i++) {
            rig.ask("acme");
            List.of(first, second).forEach(FakeProvider::succeedAll);
        }
        assertThat(third.dialed()).isEqualTo(1);
        rig.pass(Duration.ofSeconds(6));
        rig.ask("acme");
        assertThat(third.dialed()).isEqualTo(2);
    }

    @Test
    void anAccountThatIsTakenAwayGetsNoNewSessions() {
        Asked asked = rig.ask("acme");
        third.succeed();
        rig.accounts.follow(List.of(first.config, second.config), Set.of());
        for (int i = 0; i < 5; i++) {
            rig.ask("acme");
        }
        assertThat(third.dialed()).isEqualTo(1);
        assertThat(asked.session().leg().isOpen()).isTrue();
    }

    @Test
    void anAccountThatIsTakenAwayAndComesBackStillCountsWhatIsOpen() {
        FakeProvider only = new FakeProvider("only", 1, 2);
        LoopRig small = new LoopRig(only);
        small.settings.warmMax = 0;
        small.settings.reservePercent = 0;
        Asked running = small.ask("acme");
        only.succeed();
        small.accounts.follow(List.of(), Set.of());
        small.accounts.follow(List.of(), Set.of());
        small.accounts.follow(List.of(only.config), Set.of());

        small.ask("acme");
        Asked third = small.ask("acme");
        only.succeedAll();
        assertThat(only.dialed()).as("its cap is two").isEqualTo(2);
        assertThat(third.waits()).isTrue();
        running.release();
        small.settle();
        only.succeedAll();
        assertThat(third.isConnected()).isTrue();
    }

    @Test
    void anAccountWhoseConnectionsCannotEvenBeginTakesNoPlaceAndHoldsNobodyUp() {
        third.throwing = true;
        Asked asked = rig.ask("acme");
        List.of(first, second).forEach(FakeProvider::succeedAll);
        assertThat(asked.isConnected()).isTrue();
        assertThat(rig.account("third").open()).isZero();
        assertThat(rig.account("third").breaker().isClosed()).isFalse();
    }
}
