package dev.parley.invariants;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.cluster.NodeStore.Description;
import dev.parley.domain.Charge;
import dev.parley.domain.NanoUsd;
import dev.parley.ledger.LedgerStore.Outcome;
import dev.parley.ledger.UsageEntries;
import dev.parley.ledger.UsageEntry;
import dev.parley.store.JdbcBilling;
import dev.parley.store.JdbcLedgerStore;
import dev.parley.store.JdbcNodes;
import dev.parley.store.JdbcPeriods;
import dev.parley.store.JdbcPeriods.ClosedPeriod;
import dev.parley.store.StoreException;
import dev.parley.store.TestDatabase;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A closed period never changes, and no usage is lost or doubled for it. */
class PeriodCloseIT {
    private static final int OVER = 202512;
    private static final int AFTER_IT = 202601;
    private static final int WRITERS = 4;

    private final TestDatabase database = TestDatabase.create();
    private final JdbcLedgerStore ledger = new JdbcLedgerStore(database.database());
    private final JdbcPeriods periods = new JdbcPeriods(database.database());
    private final JdbcBilling billing = new JdbcBilling(database.database());

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void closesWhenNoLivingNodeCanWriteIntoItAnyMore() {
        write(entry("resp_1", 3), entry("resp_2", 4));
        JdbcNodes nodes = new JdbcNodes(database.database());
        long silent = register(nodes, "silent");
        long busy = register(nodes, "busy");
        writesFrom(busy, OVER);

        assertThat(periods.obstacles(OVER))
                .hasSize(2)
                .anyMatch(obstacle -> obstacle.contains("node \"silent\""))
                .anyMatch(obstacle -> obstacle.contains("node \"busy\""));
        assertThatThrownBy(() -> periods.close(OVER)).hasMessageContaining("may still write into period 202512");

        writesFrom(busy, AFTER_IT);
        assertThat(periods.obstacles(OVER)).hasSize(1);
        nodes.stopped(silent);
        ClosedPeriod closed = periods.close(OVER);

        assertThat(closed).isEqualTo(new ClosedPeriod(OVER, 2, 7, 1));
        assertThat(periods.close(OVER)).as("a second time").isEqualTo(closed);
        assertThat(database.query("""
                        select concat_ws('|', state, row_count, cost_nano, last_seal) from billing.period where period = 202512
                        """)).isEqualTo("closed|2|7|1");
        assertThat(billing.problems()).isEmpty();
    }

    @Test
    void refusesAMonthThatLastsOrIsNotThere() {
        assertThat(periods.obstacles(
                        Integer.parseInt(database.query("select to_char(now() at time zone 'UTC', 'YYYYMM')"))))
                .anyMatch(obstacle -> obstacle.contains("lasts until"));
        assertThat(periods.obstacles(202513)).containsExactly("the ledger has no period 202513");
        assertThatThrownBy(() -> periods.close(200001)).hasMessageContaining("the ledger has no period 200001");
    }

    @Test
    void whatComesTooLateIsBookedOnceIntoTheNextOpenPeriod() {
        database.execute("select make_usage_partition(202601), make_usage_partition(202602)");
        UsageEntry inTime = entry("resp_1", 5);
        write(inTime);
        periods.close(OVER);
        periods.close(AFTER_IT);
        long balance = Long.parseLong(database.query("""
                insert into budget_balance (tenant_id, limit_key, unit, hard, window_start, opening, spent, granted, limit_amount)
                values ('acme', 'total', 'money', true, 'epoch', 0, 0, 100, 100) returning id
                """));
        long grant = Long.parseLong(database.query(
                "insert into budget_grant (balance_id, epoch, granted) values (" + balance + ", 1, 100) returning id"));
        UsageEntry late = UsageEntries.charged(entry("resp_2", 11), List.of(new Charge(balance, grant, 11)));

        for (int i = 0; i < 3; i++) {
            write(late, inTime, late);
        }
        write(UsageEntries.response("acme", "resp_3", 202602, new NanoUsd(1), Instant.EPOCH));

        assertThat(database.query("""
                        select string_agg(concat_ws('|', reference, period, late_for, cost_nano), ' ' order by reference) from usage_entry
                        """)).isEqualTo("resp_1|202512|5 resp_2|202602|202512|11 resp_3|202602|1");
        assertThat(database.query("select settled from budget_grant")).isEqualTo("11");
        database.query("select seal_ledger()");
        assertThat(billing.problems()).isEmpty();
    }

    /** Writers go on for as long as the period closes under them; each entry is there once, before or after. */
    @Test
    void writersThatMeetTheCloseLoseNothing() throws Exception {
        database.execute("select make_usage_partition(202512), make_usage_partition(202601)");
        AtomicBoolean writing = new AtomicBoolean(true);
        AtomicInteger written = new AtomicInteger();
        ClosedPeriod closed;
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> writers = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                int writer = i;
                writers.add(threads.submit(() -> {
                    for (int n = 0; writing.get(); n++) {
                        write(entry(writer + "/" + n, 1), entry(writer + "//" + n, 1), entry(writer + "/" + n / 2, 1));
                        written.addAndGet(2);
                    }
                }));
            }
            awaitAtLeast(written, 400);
            closed = closeWhile();
            awaitAtLeast(written, written.get() + 400);
            writing.set(false);
            for (Future<?> writer : writers) {
                writer.get();
            }
        }
        long inTime = number("select count(*) from usage_entry where period = 202512");
        long late = number("select count(*) from usage_entry where period = 202601 and late_for = 202512");
        System.out.printf(
                "%d entries by %d writers: %d in the closed period, %d late%n", written.get(), WRITERS, inTime, late);
        assertThat(closed.rows()).isEqualTo(inTime);
        assertThat(closed.costNano()).isEqualTo(inTime);
        assertThat(late).isPositive();
        assertThat(inTime + late).isEqualTo(written.get());
        assertThat(number("select count(distinct reference) from usage_entry")).isEqualTo(written.get());
        sealAll();
        assertThat(billing.problems()).isEmpty();
        assertThat(number("""
                        select count(*) from billing.usage join billing.period using (period)
                        where period = 202512 and seal_no <= last_seal
                        """)).isEqualTo(inTime);
    }

    @Test
    void verifyFindsAClosedPeriodThatWasChanged() {
        write(entry("resp_1", 5));
        periods.close(OVER);
        database.execute(
                "set session_replication_role = replica; delete from usage_entry; reset session_replication_role");
        assertThat(billing.problems()).anyMatch(problem -> problem.contains("period 202512 was closed with 1 entries"));
    }

    private ClosedPeriod closeWhile() {
        while (true) {
            try {
                return periods.close(OVER);
            } catch (StoreException e) {
                assertThat(e.isRetryable()).as(e.getMessage()).isTrue();
            }
        }
    }

    private static void awaitAtLeast(AtomicInteger counter, int number) {
        while (counter.get() < number) {
            Thread.onSpinWait();
        }
    }

    private void sealAll() {
        while (!database.query("select seal_ledger()").equals("null")) {
            // on
        }
    }

    private void write(UsageEntry... entries) {
        assertThat(ledger.insert(List.of(entries))).isEqualTo(new Outcome.Committed());
    }

    private long register(JdbcNodes nodes, String name) {
        return nodes.register(new Description(name, "127.0.0.1:1", "test"), true)
                .orElseThrow()
                .epoch();
    }

    private void writesFrom(long epoch, int period) {
        database.execute("update node set writes_from = " + period + " where epoch = " + epoch);
    }

    private long number(String sql) {
        return Long.parseLong(database.query(sql));
    }

    private static UsageEntry entry(String reference, long cost) {
        return UsageEntries.response("acme", reference, OVER, new NanoUsd(cost), Instant.parse("2025-12-21T10:00:00Z"));
    }
}
