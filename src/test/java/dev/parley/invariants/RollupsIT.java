package dev.parley.invariants;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.domain.NanoUsd;
import dev.parley.ledger.LedgerStore.Outcome;
import dev.parley.ledger.UsageEntries;
import dev.parley.ledger.UsageEntry;
import dev.parley.store.JdbcBilling;
import dev.parley.store.JdbcLedgerStore;
import dev.parley.store.Rollups;
import dev.parley.store.Sealer;
import dev.parley.store.TestDatabase;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The hourly sums equal the ledger, whoever is killed while making them. */
class RollupsIT {
    private static final int KILLS = 40;
    private static final int ENTRIES = 3_000;

    private static final String DIRECT = """
            select tenant_id, date_trunc('hour', event_time, 'UTC') as hour, subject, model_resolved as model, work, price_version,
                   count(*) as entries, count(*) filter (where kind = 'estimated') as estimated,
                   count(*) filter (where kind = 'adjustment') as adjustments, sum(text_in) as text_in,
                   sum(audio_in) as audio_in, sum(image_in) as image_in, sum(cached_text) as cached_text,
                   sum(cached_audio) as cached_audio, sum(cached_image) as cached_image, sum(text_out) as text_out,
                   sum(audio_out) as audio_out, sum(reasoning_out) as reasoning_out, sum(millis) as millis,
                   sum(cost_nano) as cost_nano
            from usage_entry group by 1, 2, 3, 4, 5, 6
            """;

    private final TestDatabase database = TestDatabase.create();

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void equalTheLedgerAfterRandomKillsAndAfterARebuild() throws Exception {
        long seed = System.nanoTime();
        AtomicBoolean writing = new AtomicBoolean(true);
        AtomicInteger killed = new AtomicInteger();
        try (Sealer _ = new Sealer(database.database());
                Rollups _ = new Rollups(database.database());
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> killer = threads.submit(() -> {
                while (writing.get() || killed.get() < KILLS) {
                    LockSupport.parkNanos(5_000_000);
                    killed.addAndGet(number("""
                            select count(*) filter (where pg_terminate_backend(pid)) from pg_stat_activity
                            where application_name = 'mortal' and datname = current_database()
                            """));
                }
            });
            List<Future<?>> rounds = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                rounds.add(threads.submit(() -> {
                    while (!killer.isDone()) {
                        rollUpUntilKilled(killer);
                    }
                }));
            }
            try {
                write(new Random(seed));
            } finally {
                writing.set(false);
            }
            killer.get();
            for (Future<?> round : rounds) {
                round.get();
            }
        }
        sealAndRollUp();
        System.out.printf(
                "%s entries in %s rollup rows, %d connections killed while summing up (seed %d)%n",
                database.query("select count(*) from usage_entry"),
                database.query("select count(*) from usage_rollup"),
                killed.get(),
                seed);
        assertThat(differences()).isZero();
        assertThat(number("select count(*) from usage_rollup where adjustments > 0"))
                .isPositive();
        assertThat(new JdbcBilling(database.database()).problems()).isEmpty();

        database.execute(
                "update usage_rollup set cost_nano = cost_nano + 1 where ctid = (select min(ctid) from usage_rollup)");
        assertThat(new JdbcBilling(database.database()).problems())
                .anyMatch(problem -> problem.contains("parley billing rebuild"));

        assertThat(Rollups.rebuild(database.database())).isEqualTo(number("select max(seal_no) from ledger_seal"));
        assertThat(differences()).isZero();
    }

    private void write(Random random) {
        JdbcLedgerStore store = new JdbcLedgerStore(database.database());
        for (int i = 0; i < ENTRIES; i += 10) {
            List<UsageEntry> group = new ArrayList<>();
            for (int n = 0; n < 10; n++) {
                Instant at = Instant.parse("2026-11-21T10:00:00Z").plusSeconds(random.nextInt(20_000));
                group.add(UsageEntries.response(
                        "tenant-" + random.nextInt(3),
                        "resp_" + (i + n),
                        202611,
                        new NanoUsd(random.nextInt(1_000)),
                        at));
            }
            assertThat(store.insert(group)).isEqualTo(new Outcome.Committed());
            if (random.nextInt(10) == 0) {
                database.execute("""
                        insert into usage_entry select (r).* from (select jsonb_populate_record(null::usage_entry,
                            to_jsonb(u) || jsonb_build_object('entry_id', gen_random_uuid(), 'kind', 'adjustment',
                                'cost_nano', -u.cost_nano, 'text_in', -5, 'xid', pg_current_xact_id()::text)) as r
                            from usage_entry as u order by xid desc limit 1) as copy
                        """);
            }
        }
    }

    private void rollUpUntilKilled(Future<?> killer) {
        try (Connection connection = DriverManager.getConnection(jdbcUrl());
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            while (!killer.isDone()) {
                statement.execute("select roll_up(true, 50)");
                connection.commit();
            }
        } catch (SQLException e) {
            // it died; another one begins where the cursor stands
        }
    }

    private String jdbcUrl() {
        String url = database.url();
        String credentials = url.substring(url.indexOf("//") + 2, url.indexOf('@'));
        String[] parts = credentials.split(":", 2);
        return "jdbc:" + url.replace(credentials + "@", "") + "?ApplicationName=mortal&user=" + parts[0] + "&password="
                + parts[1];
    }

    private void sealAndRollUp() {
        for (String one : List.of("select seal_ledger()", "select roll_up(true)")) {
            while (!database.query(one).equals("null")) {
                // on
            }
        }
    }

    private int differences() {
        return number("select count(*) from (" + both("except") + " union all " + both("reversed") + ") as d");
    }

    private static String both(String way) {
        String rollups =
                "select tenant_id, hour, subject, model, work, price_version, entries, estimated, adjustments, text_in, audio_in,"
                        + " image_in, cached_text, cached_audio, cached_image, text_out, audio_out, reasoning_out, millis, cost_nano"
                        + " from usage_rollup";
        return way.equals("except")
                ? "(" + DIRECT + " except " + rollups + ")"
                : "(" + rollups + " except " + DIRECT + ")";
    }

    private int number(String sql) {
        return Integer.parseInt(database.query(sql));
    }
}
