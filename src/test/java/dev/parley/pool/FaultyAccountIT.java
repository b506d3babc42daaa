package dev.parley.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.concurrent.Eventually;
import dev.parley.config.AccountConfig;
import dev.parley.config.Secret;
import dev.parley.pool.FaultProxy.Mode;
import dev.parley.simulator.Script;
import dev.parley.simulator.Simulator;
import dev.parley.upstream.Breaker;
import dev.parley.upstream.UpstreamConnector.Outcome;
import dev.parley.upstream.UpstreamConnector.UpstreamSession;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * One of three accounts fails, in each of four ways, while sessions come in a steady stream: who asks in the first second
 * after it, and who asks later, and how it heals.
 */
class FaultyAccountIT {
    private static final String FAULTY = "one";
    private static final int PER_SECOND = 50;
    private static final Duration HANDSHAKE = Duration.ofMillis(20);

    private final PoolRig rig = new PoolRig();
    private final List<FaultProxy> proxies = new ArrayList<>();
    private final PoolSettings settings = new PoolSettings();

    @BeforeEach
    void threeAccounts() {
        Simulator simulator = rig.simulator();
        simulator.scripts().always(Script.parse("{\"handshakeDelayMillis\":" + HANDSHAKE.toMillis() + "}"));
        List<AccountConfig> accounts = new ArrayList<>();
        for (String name : List.of("one", "two", "three")) {
            FaultProxy proxy = new FaultProxy(rig.provider(), simulator.url());
            proxies.add(proxy);
            accounts.add(AccountConfig.of(name, proxy.url(), new Secret(PoolRig.KEY), 1_000));
        }
        rig.open(settings.config(), accounts.toArray(AccountConfig[]::new));
    }

    @AfterEach
    void close() {
        proxies.forEach(FaultProxy::close);
        rig.close();
    }

    @ParameterizedTest
    @EnumSource(
            value = Mode.class,
            names = {"BLACK_HOLE", "RESET", "UNAUTHORIZED", "RATE_LIMITED"})
    void isPassedOverAndHealsWithOneProbe(Mode mode) {
        int before = failed(rig.stream(PER_SECOND, 2 * PER_SECOND), Mode.PASS);
        FaultProxy faulty = proxies.getFirst();
        faulty.mode(mode);
        int triedBefore = faulty.accepted();
        List<Future<Outcome>> firstSecond = rig.stream(PER_SECOND, PER_SECOND);
        List<Future<Outcome>> later = rig.stream(PER_SECOND, 3 * PER_SECOND);
        int failedFirst = failed(firstSecond, mode);
        int failedLater = failed(later, mode);
        int tried = faulty.accepted() - triedBefore;
        faulty.mode(Mode.PASS);
        if (mode == Mode.UNAUTHORIZED) {
            assertThat(rig.breaker(FAULTY).status().state()).isEqualTo(Breaker.State.LOCKED);
            rig.breaker(FAULTY).reset();
        }
        int triedUntilHealed = faulty.accepted();
        int failedHealing = 0;
        int asked = 0;
        while (!rig.breaker(FAULTY).isClosed() || faulty.accepted() - triedUntilHealed < 5) {
            failedHealing += failed(rig.stream(PER_SECOND, PER_SECOND / 2), Mode.PASS);
            asked += PER_SECOND / 2;
            assertThat(asked).as("asked while it heals").isLessThan(40 * PER_SECOND);
        }
        System.out.printf(
                "%s: failed acquires %d of %d before, %d of %d in the first second, %d of %d later, %d of %d while"
                        + " healing; %d connections tried while faulty%n",
                mode,
                before,
                2 * PER_SECOND,
                failedFirst,
                PER_SECOND,
                failedLater,
                3 * PER_SECOND,
                failedHealing,
                asked,
                tried);
        assertThat(before).isZero();
        assertThat(failedFirst).as("at most 5 %").isLessThanOrEqualTo(PER_SECOND / 20);
        assertThat(failedLater).isZero();
        assertThat(failedHealing).isZero();
    }

    /** Those that got none, and those that got one of an account behind which nothing is. */
    private static int failed(List<Future<Outcome>> asked, Mode mode) {
        int failed = 0;
        for (Future<Outcome> one : asked) {
            boolean good = Eventually.result(one) instanceof Outcome.Connected(UpstreamSession session)
                    && !(mode == Mode.BLACK_HOLE && session.account().equals(FAULTY));
            failed += good ? 0 : 1;
        }
        return failed;
    }
}
