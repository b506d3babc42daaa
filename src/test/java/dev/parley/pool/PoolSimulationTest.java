package dev.parley.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.pool.LoopRig.Asked;
import dev.parley.protocol.EventType;
import dev.parley.relay.LegEnd;
import dev.parley.upstream.Fault;
import dev.parley.upstream.UpstreamConnector.Target;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Everything that can happen to a pool, in random order, on three loops: acquires, connections that succeed, fail and hang,
 * legs that are lost or spoiled, holders that leave, time that passes. {@code -Dpool.seed=… -Dpool.steps=…} for more.
 */
class PoolSimulationTest {
    private static final long SEED = Long.getLong("pool.seed", System.nanoTime());
    private static final int STEPS = Integer.getInteger("pool.steps", 20_000);
    private static final Fault[] FAULTS = {Fault.UNREACHABLE, Fault.RATE, Fault.QUOTA, Fault.REQUEST, Fault.CREDENTIAL};
    private static final Target[] TARGETS = {LoopRig.MODEL, LoopRig.OTHER, new Target(null)};
    private static final int SESSIONS_MAX = 12;
    private static final int TENANT_MAX = 8;

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final List<FakeProvider> providers = List.of(
            new FakeProvider("one", 1, SESSIONS_MAX),
            new FakeProvider("two", 2, SESSIONS_MAX),
            new FakeProvider("three", 1, SESSIONS_MAX));
    private final LoopRig rig = new LoopRig(providers.toArray(FakeProvider[]::new));
    private final List<Asked> waiting = new ArrayList<>();
    private final List<Asked> holding = new ArrayList<>();
    private final Set<Object> handedOut = new HashSet<>();
    private int acquires;
    private int refused;

    @Test
    void countsAreRightAtEveryStepAndNothingIsLeftAtTheEnd() {
        rig.settings.warmMin = 1;
        rig.settings.warmMax = 3;
        rig.settings.connectsMax = 5;
        rig.settings.tenantSessionsMax = TENANT_MAX;
        rig.settings.reservePercent = 10;
        rig.settings.warmLifetime = Duration.ofSeconds(20);
        rig.settings.forgetAfter = Duration.ofSeconds(30);
        List<LoopPool> loops = List.of(rig.loop(), rig.anotherLoop(), rig.anotherLoop());
        for (int step = 0; step < STEPS; step++) {
            act(loops);
            sort();
            check(loops);
        }
        windDown(loops);
        System.out.println("pool simulation, seed " + SEED + ": " + STEPS + " steps, " + acquires + " acquires, "
                + handedOut.size() + " handed out, " + refused + " refused; nothing left");
        assertThat(handedOut.size() + refused).isEqualTo(acquires);
        assertThat(handedOut.size()).as("it is a storm, not an outage").isGreaterThan(acquires / 4);
    }

    private void act(List<LoopPool> loops) {
        FakeProvider provider = providers.get(random.nextInt(providers.size()));
        if (random.nextInt(40) == 0) {
            rig.account(provider.config.name()).breaker().reset();
        }
        switch (random.nextInt(12)) {
            case 0, 1, 2 -> {
                acquires++;
                waiting.add(rig.ask(
                        loops.get(random.nextInt(loops.size())),
                        "tenant-" + random.nextInt(4),
                        TARGETS[random.nextInt(TARGETS.length)]));
            }
            case 3, 4, 5 -> {
                for (int i = random.nextInt(3); i > 0 && provider.pending() > 0; i--) {
                    provider.succeed();
                }
            }
            case 6 -> {
                if (provider.pending() > 0 && random.nextInt(8) == 0) {
                    provider.fail(FAULTS[random.nextInt(FAULTS.length)], "x", Duration.ofSeconds(random.nextInt(1, 5)));
                }
            }
            case 7, 8 -> {
                if (!holding.isEmpty()) {
                    holding.remove(random.nextInt(holding.size())).release();
                }
            }
            case 9 -> harm(provider);
            default -> rig.pass(Duration.ofMillis(random.nextInt(1, 200)));
        }
        rig.settle();
    }

    /** Something happens on a leg that the pool still judges. */
    private void harm(FakeProvider provider) {
        List<FakeLeg> warm = provider.legs.stream()
                .filter(leg -> leg.isOpen() && !handedOut.contains(leg))
                .toList();
        if (warm.isEmpty()) {
            return;
        }
        FakeLeg leg = warm.get(random.nextInt(warm.size()));
        switch (random.nextInt(4)) {
            case 0 -> leg.end(LegEnd.Cause.PEER_LOST, 1006, "");
            case 1 -> leg.receive(EventType.ERROR, "{\"type\":\"error\",\"error\":{\"code\":\"server_error\"}}");
            case 2 -> leg.receive(EventType.UNKNOWN, "{\"type\":\"conversation.created\"}");
            default -> {
                leg.silent = Duration.ofMinutes(1).toNanos();
                leg.answersPings = random.nextBoolean();
            }
        }
    }

    private void sort() {
        for (Asked asked : List.copyOf(waiting)) {
            if (asked.isConnected()) {
                waiting.remove(asked);
                holding.add(asked);
                assertThat(handedOut.add(asked.session().leg()))
                        .as("handed out once")
                        .isTrue();
            } else if (!asked.waits()) {
                waiting.remove(asked);
                refused++;
            }
        }
    }

    private void check(List<LoopPool> loops) {
        int open = 0;
        for (FakeProvider provider : providers) {
            int account = rig.account(provider.config.name()).open();
            assertThat(account).as("the cap of an account").isBetween(0, SESSIONS_MAX);
            assertThat(provider.pending()).as("connections at once").isLessThanOrEqualTo(5);
            open += account;
        }
        int booked = 0;
        int active = 0;
        int lined = 0;
        for (LoopPool loop : loops) {
            loop.publish();
            for (PoolSnapshot.ModelRow row : loop.published()) {
                booked += row.svActive() + row.svIdle() + row.svTested() + row.svLogin() + row.svClosing();
                active += row.clActive();
                lined += row.clWaiting();
            }
        }
        assertThat(booked).as("every place has one owner").isEqualTo(open);
        assertThat(active).as("every leased one has one holder").isEqualTo(holding.size());
        assertThat(lined).as("whoever waits is in a line").isEqualTo(waiting.size());
        for (int tenant = 0; tenant < 4; tenant++) {
            String name = "tenant-" + tenant;
            assertThat(holding.stream().filter(asked -> asked.tenant().equals(name)))
                    .as("the cap of a tenant")
                    .hasSizeLessThanOrEqualTo(TENANT_MAX);
        }
    }

    private void windDown(List<LoopPool> loops) {
        rig.pass(Duration.ofSeconds(3));
        sort();
        assertThat(waiting).as("nobody waits for ever").isEmpty();
        holding.forEach(Asked::release);
        holding.clear();
        loops.forEach(LoopPool::stop);
        rig.settle();
        providers.forEach(FakeProvider::succeedAll);
        rig.pass(Duration.ofMinutes(2));
        for (FakeProvider provider : providers) {
            assertThat(rig.account(provider.config.name()).open()).isZero();
        }
    }
}
