package dev.parley.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.cluster.NodeStore.Beat;
import dev.parley.cluster.NodeStore.Dead;
import dev.parley.cluster.NodeStore.Description;
import dev.parley.cluster.NodeStore.Registered;
import dev.parley.concurrent.Eventually;
import dev.parley.concurrent.Ticker;
import dev.parley.store.JdbcNodes;
import dev.parley.store.JdbcNodes.NodeRow;
import dev.parley.store.TestServer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real heartbeats on a real Postgres, in real time: who is dead, who only seems so. */
class NodeFailuresIT {
    private static final Duration LONG = Duration.ofSeconds(40);

    private final ConcurrentLinkedQueue<Long> fenced = new ConcurrentLinkedQueue<>();

    /** A node that is cut off from Postgres, and from nothing else. */
    @Test
    void aNodeThatIsCutOffStopsAdmittingBeforeItIsEnded(@TempDir Path folder) throws Exception {
        try (TestServer postgres = TestServer.start(folder.resolve("data"))) {
            JdbcNodes nodes = new JdbcNodes(postgres.database());
            Cuttable cable = new Cuttable(nodes);
            try (Membership healthy = member("healthy", nodes);
                    Reaper reaper = new Reaper(healthy, nodes);
                    Membership alone = member("alone", cable)) {
                long epoch = alone.epoch();
                cable.cut = true;
                long cutAt = System.nanoTime();
                Eventually.holds("it admits nothing", LONG, () -> !alone.admitting());
                long stoppedAt = System.nanoTime();
                assertThat(row(nodes, epoch).alive())
                        .as("nobody has given it up yet")
                        .isTrue();

                Eventually.holds("it is ended", LONG, () -> !row(nodes, epoch).alive());
                assertThat(alone.admitting()).isFalse();
                System.out.printf(
                        "cut off: admits nothing after %d ms, ended by the other after %d ms%n",
                        (stoppedAt - cutAt) / 1_000_000, (System.nanoTime() - cutAt) / 1_000_000);

                cable.cut = false;
                Eventually.holds("it registers anew", LONG, () -> alone.admitting() && alone.epoch() > epoch);
                assertThat(fenced).containsExactly(epoch);
                assertThat(reaper.reaped()).isEqualTo(1);
            }
        }
    }

    /** After an outage for everybody, all have been silent: that is no reason to end anybody. */
    @Test
    void anOutageOfPostgresKillsNobody(@TempDir Path folder) throws Exception {
        try (TestServer postgres = TestServer.start(folder.resolve("data"))) {
            JdbcNodes nodes = new JdbcNodes(postgres.database());
            try (Membership one = member("one", nodes);
                    Reaper first = new Reaper(one, nodes);
                    Membership two = member("two", nodes);
                    Reaper second = new Reaper(two, nodes)) {
                List<Long> before = List.of(one.epoch(), two.epoch());
                Eventually.holds("both may reap", LONG, () -> mayReap(one) && mayReap(two));
                for (boolean frozen : List.of(true, false)) {
                    long from = System.nanoTime();
                    interrupt(postgres, frozen, from);
                    Eventually.holds("both admit again", LONG, () -> one.admitting() && two.admitting());
                    Eventually.holds("both may reap again", LONG, () -> mayReap(one) && mayReap(two));
                    System.out.printf(
                            "Postgres %s: both nodes may reap again %d ms after the beginning%n",
                            frozen ? "frozen" : "stopped", (System.nanoTime() - from) / 1_000_000);
                }

                assertThat(List.of(one.epoch(), two.epoch())).isEqualTo(before);
                assertThat(first.reaped() + second.reaped()).isZero();
                assertThat(fenced).isEmpty();
            }
        }
    }

    /** Longer than the others' patience. */
    private static void interrupt(TestServer postgres, boolean frozen, long from) {
        if (frozen) {
            postgres.freeze();
        } else {
            postgres.stop();
        }
        long silence = Membership.SILENCE_OTHERS.plusSeconds(1).toNanos();
        Eventually.holds("the silence is long", LONG, () -> System.nanoTime() - from > silence);
        if (frozen) {
            postgres.thaw();
        } else {
            postgres.startAgain();
        }
    }

    private static boolean mayReap(Membership node) {
        return node.steady().compareTo(Membership.SILENCE_OTHERS) >= 0;
    }

    private Membership member(String name, NodeStore nodes) {
        Membership member =
                Membership.register(nodes, new Description(name, "127.0.0.1:8081", "test"), Ticker.SYSTEM, fenced::add);
        member.start();
        return member;
    }

    private static NodeRow row(JdbcNodes nodes, long epoch) {
        return nodes.list().stream()
                .filter(node -> node.epoch() == epoch)
                .findFirst()
                .orElseThrow();
    }

    /** The way to Postgres of one node. */
    private static final class Cuttable implements NodeStore {
        private final NodeStore store;
        volatile boolean cut;

        Cuttable(NodeStore store) {
            this.store = store;
        }

        @Override
        public Optional<Registered> register(Description node, boolean replaces) {
            failIfCut();
            return store.register(node, replaces);
        }

        @Override
        public Beat beat(long epoch, boolean draining) {
            failIfCut();
            return store.beat(epoch, draining);
        }

        @Override
        public List<Dead> reap(Duration silence, Instant asked) {
            failIfCut();
            return store.reap(silence, asked);
        }

        @Override
        public void stopped(long epoch) {
            failIfCut();
            store.stopped(epoch);
        }

        private void failIfCut() {
            if (cut) {
                throw new IllegalStateException("the way is cut");
            }
        }
    }
}
