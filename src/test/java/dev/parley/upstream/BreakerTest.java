package dev.parley.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.upstream.Breaker.State;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BreakerTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private final Breaker breaker = new Breaker(new SplittableRandom(1));
    private long now = 1_000 * SECOND;

    @Test
    void letsOneProbeAfterASecondAndHealsWithIt() {
        fail(Fault.UNREACHABLE);
        assertThat(breaker.pass(now)).isFalse();
        now += SECOND;
        assertThat(breaker.pass(now)).isTrue();
        assertThat(breaker.pass(now)).as("one only").isFalse();
        breaker.succeeded(now);
        assertThat(breaker.pass(now)).isTrue();
        assertThat(breaker.pass(now)).isTrue();
    }

    @Test
    void waitsTwiceAsLongAfterEachFailedProbeUpToAQuarterOfAMinute() {
        fail(Fault.UNREACHABLE);
        for (int seconds : new int[] {1, 2, 4, 8, 15, 15}) {
            assertThat(breaker.status().until() - now).isEqualTo(seconds * SECOND);
            now = breaker.status().until();
            assertThat(breaker.pass(now)).isTrue();
            fail(Fault.UNREACHABLE);
        }
        now = breaker.status().until();
        breaker.pass(now);
        breaker.succeeded(now);
        fail(Fault.UNREACHABLE);
        assertThat(breaker.status().state())
                .as("one failure beside a success says little")
                .isEqualTo(State.CLOSED);
        now += SECOND;
        fail(Fault.UNREACHABLE);
        assertThat(breaker.status().until() - now).as("and it begins anew").isEqualTo(SECOND);
    }

    @Test
    void opensForAWhileWhenMostOfTheLastTwentyFail() {
        for (int i = 0; i < 9; i++) {
            breaker.succeeded(now);
        }
        for (int i = 0; i < 10; i++) {
            fail(Fault.UNREACHABLE);
        }
        assertThat(breaker.isClosed()).as("10 of 19").isTrue();
        fail(Fault.UNREACHABLE);
        assertThat(breaker.status().state()).isEqualTo(State.OPEN);
        assertThat(breaker.status().until() - now).isBetween(5 * SECOND, 15 * SECOND);
    }

    @Test
    void aLateSuccessOfAnEarlierConnectionClosesIt() {
        fail(Fault.UNREACHABLE);
        breaker.succeeded(now);
        assertThat(breaker.isClosed()).isTrue();
    }

    @Test
    void keepsToWhatTheProviderAsksFor() {
        breaker.failed(Fault.RATE, "http_429", Duration.ofSeconds(30), now, now);
        breaker.succeeded(now);
        now += 29 * SECOND;
        assertThat(breaker.pass(now)).as("in spite of a late success").isFalse();
        now += SECOND;
        assertThat(breaker.pass(now)).isTrue();
        breaker.failed(Fault.RATE, "http_429", Duration.ofDays(1), now, now);
        assertThat(breaker.status().until() - now).as("within reason").isEqualTo(600 * SECOND);
    }

    @Test
    void aRefusedCredentialIsForAnOperator() {
        fail(Fault.CREDENTIAL);
        now += Duration.ofDays(1).toNanos();
        assertThat(breaker.pass(now)).isFalse();
        breaker.succeeded(now);
        fail(Fault.RATE);
        fail(Fault.QUOTA);
        assertThat(breaker.status().state()).isEqualTo(State.LOCKED);
        assertThat(breaker.distrustsOpenSessions()).isTrue();
        breaker.reset();
        assertThat(breaker.pass(now)).isTrue();
        assertThat(breaker.distrustsOpenSessions()).isFalse();
    }

    @Test
    void aUsedUpQuotaThatComesBackIsLeftAloneForLonger() {
        for (int minutes : new int[] {1, 2, 4, 8, 10}) {
            fail(Fault.QUOTA);
            fail(Fault.QUOTA);
            assertThat(breaker.status().until() - now).isEqualTo(minutes * 60L * SECOND);
            assertThat(breaker.distrustsOpenSessions()).isTrue();
            now = breaker.status().until();
            assertThat(breaker.pass(now)).isTrue();
            breaker.succeeded(now); // the handshake says nothing of the quota
        }
        now += Duration.ofHours(1).toNanos();
        fail(Fault.QUOTA);
        assertThat(breaker.status().until() - now).isEqualTo(60 * SECOND);
    }

    @Test
    void whatWasAskedWronglyDoesNotCount() {
        for (int i = 0; i < 100; i++) {
            fail(Fault.REQUEST);
        }
        assertThat(breaker.isClosed()).isTrue();
        fail(Fault.UNREACHABLE);
        now += SECOND;
        breaker.pass(now);
        fail(Fault.REQUEST);
        assertThat(breaker.isClosed()).as("it answered").isTrue();
    }

    @Test
    void isShunnedForAWhile() {
        breaker.shun("rate_limit_exceeded", now);
        assertThat(breaker.isShunned(now)).isTrue();
        assertThat(breaker.pass(now)).isTrue();
        assertThat(breaker.isShunned(now + 5 * SECOND)).isFalse();
    }

    private void fail(Fault fault) {
        breaker.failed(fault, "code", null, now, now);
    }
}
