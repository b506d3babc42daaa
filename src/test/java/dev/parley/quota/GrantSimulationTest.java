package dev.parley.quota;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.Charge;
import dev.parley.domain.NodeIdentity;
import dev.parley.domain.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/**
 * Invariant 1, by simulation: the code that holds grants on a node, many nodes of it, over a model of the tables, through
 * crashes, partitions, lost and late answers, pauses, clock steps and roll-overs. {@code -Dgrant.histories=1000000} for the
 * full run, {@code -Dgrant.seed=N} to repeat one.
 */
class GrantSimulationTest {
    private static final int HISTORIES = Integer.getInteger("grant.histories", 20_000);
    private static final TenantId ACME = new TenantId("acme");

    /** A million failed rounds are what it is about, not what its log is about. */
    @BeforeAll
    static void silence() {
        ((Logger) LoggerFactory.getLogger(GrantKeeper.class)).setLevel(Level.ERROR);
    }

    @AfterAll
    static void speak() {
        ((Logger) LoggerFactory.getLogger(GrantKeeper.class)).setLevel(null);
    }

    @Test
    void noHistorySpendsMoreThanTheLimit() {
        long seed = Long.getLong("grant.seed", System.nanoTime());
        Outcome outcome = run(HISTORIES, seed, false);
        System.out.printf(
                "%,d histories, seed %d: %d over the limit; %,d responses admitted, %,d crashes, %,d lost answers%n",
                HISTORIES, seed, outcome.over, outcome.admitted, outcome.crashes, outcome.lost);
        assertThat(outcome.admitted).isPositive();
        assertThat(outcome.crashes).isPositive();
        assertThat(outcome.lost).isPositive();
        assertThat(outcome.over).isZero();
    }

    /** Without this rule the simulation has to find a history that overspends: it can fail. */
    @Test
    void noticesWhenWhatDeadNodesHeldIsSpentAgain() {
        assertThat(run(5_000, 1, true).over).isPositive();
    }

    private static Outcome run(int histories, long seed, boolean releasesOrphans) {
        Outcome outcome = new Outcome();
        Random random = new Random(seed);
        for (int number = 0; number < histories; number++) {
            new History(random.nextLong(), releasesOrphans, outcome).play();
        }
        return outcome;
    }

    private static final class Outcome {
        long over;
        long admitted;
        long crashes;
        long lost;
    }

    /** A response that runs at the provider. */
    private record Running(Hold hold, long amount) {}

    private record Entry(HeldGrant grant, Charge charge) {}

    /** One run of some nodes. */
    private static final class History {
        private final Random random;
        private final Outcome outcome;
        private final Limit limit;
        private final List<Node> nodes = new ArrayList<>();
        /** What the provider charges, by window. */
        private final Map<Long, Long> charged = new HashMap<>();

        private final ModelGrantStore store;
        private Instant now = Instant.parse("2026-11-21T10:00:00Z").plusSeconds(3_500);
        private long epochs;

        History(long seed, boolean releasesOrphans, Outcome outcome) {
            this.random = new Random(seed);
            this.outcome = outcome;
            this.store = new ModelGrantStore(() -> now);
            this.store.releasesOrphansOfHardLimits = releasesOrphans;
            this.limit =
                    new Limit("budget/1", "main", Unit.MONEY, LimitPeriod.HOUR, null, 20 + random.nextInt(200), true);
            int number = 1 + random.nextInt(4);
            for (int i = 0; i < number; i++) {
                nodes.add(new Node());
            }
        }

        void play() {
            int steps = 20 + random.nextInt(60);
            for (int step = 0; step < steps; step++) {
                Node node = nodes.get(random.nextInt(nodes.size()));
                int action = random.nextInt(100);
                if (action < 35) {
                    node.attempt();
                } else if (action < 50) {
                    node.finish();
                } else if (action < 62) {
                    node.record();
                } else if (action < 82) {
                    node.round();
                } else if (action < 84) {
                    node.crash();
                } else if (action < 86) {
                    node.reaped();
                } else if (action < 92) {
                    pass(Duration.ofMillis(random.nextInt(3_000)));
                } else if (action < 96) {
                    pass(Duration.ofSeconds(random.nextInt(120)));
                } else {
                    node.late();
                }
            }
            boolean over = charged.values().stream().anyMatch(spent -> spent > limit.amount());
            if (over) {
                outcome.over++;
            }
        }

        private void pass(Duration time) {
            now = now.plus(time);
        }

        /** One node: its own wall clock is wrong, its monotonic clock is right. */
        private final class Node implements GrantStore, NodeIdentity, Ticker {
            private long epoch = ++epochs;
            private GrantKeeper keeper = new GrantKeeper(this, this, this);
            private GrantAccount account = keeper.join(ACME, limit);
            private final List<Running> running = new ArrayList<>();
            private final List<Entry> unrecorded = new ArrayList<>();
            /** A round that was given up, and has not reached the database yet. */
            private Runnable underWay = () -> {};

            void attempt() {
                long amount = 1L + random.nextInt(30);
                HeldGrant grant = account.current();
                if (grant != null && grant.reserve(amount, nanos())) {
                    running.add(new Running(new Hold(account, grant, amount), amount));
                    outcome.admitted++;
                } else {
                    account.want(amount, 1 + random.nextLong(amount), () -> {});
                    keeper.round(false);
                }
            }

            void finish() {
                if (running.isEmpty()) {
                    return;
                }
                Running one = running.remove(random.nextInt(running.size()));
                HeldGrant grant = one.hold().grant();
                long cost = random.nextInt((int) one.amount() + 1);
                grant.settle(one.amount(), cost, nanos());
                charged.merge(grant.balance(), cost, Long::sum);
                unrecorded.add(new Entry(grant, new Charge(grant.balance(), grant.id(), cost)));
            }

            void record() {
                if (!unrecorded.isEmpty()) {
                    Entry entry = unrecorded.removeFirst();
                    store.settle(List.of(entry.charge()));
                    entry.grant().recorded(entry.charge().amount());
                }
            }

            void round() {
                keeper.round(random.nextInt(20) == 0);
            }

            /** The process is gone; what ran at the provider is charged there all the same, in full. */
            void crash() {
                outcome.crashes++;
                for (Running one : running) {
                    charged.merge(one.hold().grant().balance(), one.amount(), Long::sum);
                }
                running.clear();
                unrecorded.clear();
                store.end(epoch);
                epoch = ++epochs;
                keeper = new GrantKeeper(this, this, this);
                account = keeper.join(ACME, limit);
            }

            /** The others give it up while it still works; it hears of that with a later round. */
            void reaped() {
                store.end(epoch);
                if (random.nextBoolean()) {
                    epoch = ++epochs;
                }
            }

            void late() {
                underWay.run();
                underWay = () -> {};
            }

            @Override
            public List<Answer> exchange(long of, List<Ask> asks) {
                int fate = random.nextInt(10);
                if (fate == 0) {
                    throw new IllegalStateException("cut off");
                }
                if (fate == 1) {
                    outcome.lost++;
                    store.exchange(of, asks);
                    throw new IllegalStateException("the answer was lost");
                }
                if (fate == 2) {
                    outcome.lost++;
                    underWay = () -> store.exchange(of, asks);
                    throw new IllegalStateException("given up; it may happen later");
                }
                pass(Duration.ofMillis(random.nextInt(50)));
                List<Answer> answers = store.exchange(of, asks);
                pass(Duration.ofMillis(random.nextInt(50)));
                return answers;
            }

            @Override
            public String name() {
                return "node";
            }

            @Override
            public long epoch() {
                return epoch;
            }

            @Override
            public boolean admitting() {
                return true;
            }

            @Override
            public Instant databaseNow() {
                return now;
            }

            @Override
            public long nanos() {
                return Duration.between(Instant.EPOCH, now).toNanos();
            }

            @Override
            public Instant now() {
                return now.plusSeconds(random.nextInt(10_000) - 5_000L);
            }
        }
    }
}
