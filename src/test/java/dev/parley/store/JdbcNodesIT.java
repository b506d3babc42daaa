package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.cluster.NodeStore.Dead;
import dev.parley.cluster.NodeStore.Description;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class JdbcNodesIT {
    private static final TestDatabase DB = TestDatabase.create();
    private static final Duration LIMIT = Duration.ofSeconds(5);

    private final JdbcNodes nodes = new JdbcNodes(DB.database());

    @AfterAll
    static void close() {
        DB.close();
    }

    @BeforeEach
    void empty() {
        DB.execute("truncate node, live_session, session_count, node_command");
    }

    @Test
    void anEarlierEpochOfTheSameNameIsDeadAtOnce() {
        long first = register("a");
        long second = register("a");

        assertThat(second).isGreaterThan(first);
        assertThat(nodes.beat(first, false).alive()).isFalse();
        assertThat(nodes.beat(second, false).alive()).isTrue();
        assertThat(DB.query("select end_reason from node where epoch = " + first))
                .isEqualTo("replaced");
    }

    @Test
    void doesNotTakeALivingNameUnlessAsked() {
        long holder = register("a");

        assertThat(nodes.register(description("a"), false)).isEmpty();
        nodes.stopped(holder);
        assertThat(nodes.register(description("a"), false)).isPresent();
    }

    @Test
    void endsTheSilentAndSparesTheOthers() {
        long silent = register("silent");
        long alive = register("alive");
        silence(silent, "6 seconds");
        silence(alive, "4 seconds");

        List<Dead> dead = nodes.reap(LIMIT, Instant.now());

        assertThat(dead).containsExactly(new Dead("silent", silent, 0));
        assertThat(nodes.beat(silent, false).alive()).isFalse();
        assertThat(nodes.beat(alive, false).alive()).isTrue();
        assertThat(nodes.reap(LIMIT, Instant.now())).isEmpty();
    }

    /** As when Postgres stood still: whoever is silent then was kept from speaking. */
    @Test
    void aQuestionThatWasHeldUpEndsNobody() {
        silence(register("a"), "1 min");

        assertThat(nodes.reap(LIMIT, Instant.now().minusSeconds(2))).isEmpty();
        assertThat(nodes.reap(LIMIT, Instant.now())).hasSize(1);
    }

    @Test
    void tellsTheDatabasesClockAndKeepsTheHeartbeatByIt() {
        long epoch = register("a");
        silence(epoch, "1 hour");

        nodes.beat(epoch, true);

        assertThat(DB.query("select heartbeat_at > clock_timestamp() - interval '10 s' and draining from node"))
                .isEqualTo("t");
        assertThat(nodes.list()).singleElement().satisfies(node -> {
            assertThat(node.alive()).isTrue();
            assertThat(node.draining()).isTrue();
            assertThat(node.silence()).isLessThan(Duration.ofSeconds(10));
        });
    }

    @Test
    void ofManyStartsUnderOneNameOneLives() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(6)) {
            List<Callable<Long>> starts = IntStream.range(0, 24)
                    .<Callable<Long>>mapToObj(_ -> () -> register("same"))
                    .toList();
            for (Future<Long> start : threads.invokeAll(starts)) {
                assertThat(start.get()).isPositive();
            }
        }

        assertThat(DB.query("select count(*) from node where ended_at is null")).isEqualTo("1");
        assertThat(DB.query("select count(*) from node")).isEqualTo("24");
        assertThat(DB.query("select ended_at is null from node order by epoch desc"))
                .isEqualTo("t");
    }

    @Test
    void answersTheCommandsOfANodeThatEnds() {
        long epoch = register("a");
        DB.execute("insert into node_command (node, epoch, kind) values ('a', " + epoch + ", 'drain')");

        nodes.stopped(epoch);

        assertThat(DB.query("select result from node_command")).isEqualTo("the node has ended");
    }

    @Test
    void upkeepForgetsWhatEndedLongAgo() {
        long old = register("old");
        DB.execute("insert into node_command (node, epoch, kind) values ('old', " + old + ", 'drain')");
        nodes.stopped(old);
        long recent = register("recent");
        nodes.stopped(recent);
        register("alive");
        DB.execute("update node set ended_at = now() - interval '31 days', started_at = now() - interval '90 days'"
                + " where epoch = " + old);
        DB.execute("update node_command set acked_at = now() - interval '31 days'");

        new Upkeep(DB.database()).close();

        assertThat(DB.query("select string_agg(name, ' ' order by name) from node"))
                .isEqualTo("alive recent");
        assertThat(DB.query("select count(*) from node_command")).isEqualTo("0");
    }

    @Test
    void budgetWindowsAreForgottenLongAfterTheirEndAndSoAreTheirDeadNodes() {
        long dead = register("dead");
        nodes.stopped(dead);
        DB.execute("update node set ended_at = now() - interval '50 days', started_at = now() - interval '90 days'"
                + " where epoch = " + dead);
        for (String window : List.of("'long ago', 41, 'orphan'", "'of late', 39, 'orphan'", "'in use', 41, 'open'")) {
            DB.execute("""
                    with facts (name, days, state) as (values (%s)),
                    made as (insert into budget_balance
                            (tenant_id, limit_key, unit, hard, window_start, window_end, opening, spent, limit_amount)
                        select 'acme', name, 'money', true, 'epoch', now() - make_interval(days => days), 0, 0, 9 from facts
                        returning id)
                    insert into budget_grant (balance_id, epoch, state) select id, %d, state from made, facts
                    """.formatted(window, dead));
        }

        new Upkeep(DB.database()).close();

        assertThat(DB.query("select string_agg(limit_key, ', ' order by limit_key) from budget_balance"))
                .isEqualTo("in use, of late");
        assertThat(DB.query("select count(*) from node where epoch = " + dead))
                .as("its grant may still be reconciled")
                .isEqualTo("1");
        DB.execute("delete from budget_balance");
        new Upkeep(DB.database()).close();
        assertThat(DB.query("select count(*) from node where epoch = " + dead)).isEqualTo("0");
    }

    private long register(String name) {
        return nodes.register(description(name), true).orElseThrow().epoch();
    }

    private static Description description(String name) {
        return new Description(name, "127.0.0.1:8081", "test");
    }

    private static void silence(long epoch, String interval) {
        DB.execute("update node set heartbeat_at = clock_timestamp() - interval '" + interval + "' where epoch = "
                + epoch);
    }
}
