package dev.parley.invariants;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.domain.NanoUsd;
import dev.parley.ledger.LedgerStore.Outcome;
import dev.parley.ledger.UsageEntries;
import dev.parley.ledger.UsageEntry;
import dev.parley.store.JdbcBilling;
import dev.parley.store.JdbcLedgerStore;
import dev.parley.store.Sealer;
import dev.parley.store.TestDatabase;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Invariant 3: a billing consumer that crashes anywhere sums to what was written. Writers hold transactions open and roll
 * some back; the consumer dies at random points, before and after each of its steps. {@code -Dbilling.seconds=60} for a long
 * run. Beside it stands the reader that most people write first.
 */
class BillingMissesNothingIT {
    private static final int WRITERS = 8;
    private static final Duration LENGTH = Duration.ofSeconds(Integer.getInteger("billing.seconds", 4));

    private final TestDatabase database = TestDatabase.create();

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void aConsumerThatDiesAnywhereHasEveryEntryOnce() throws Exception {
        long seed = System.nanoTime();
        prepare();
        Books books = new Books();
        AtomicBoolean writing = new AtomicBoolean(true);
        AtomicBoolean open = new AtomicBoolean(true); // until the last writer's transaction has ended too
        NaiveReader naive = new NaiveReader();
        AtomicInteger deaths = new AtomicInteger();
        try (Sealer _ = new Sealer(database.database());
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> consumer = threads.submit(() -> consume(new Random(seed), open, books, deaths));
            Future<?> naively = threads.submit(() -> naive.read(open));
            List<Future<?>> writers = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                int number = i;
                writers.add(threads.submit(() -> write(number, new Random(seed + number), writing, books)));
            }
            LockSupport.parkNanos(LENGTH.toNanos());
            writing.set(false);
            for (Future<?> writer : writers) {
                writer.get();
            }
            open.set(false);
            consumer.get();
            naively.get();
        }
        long rows = number("select count(*) from job_output");
        long distinct = number("select count(distinct entry_id) from job_output");
        long sum = number("select coalesce(sum(cost_nano), 0) from job_output");
        System.out.printf(
                "%d entries by %d writers, consumer killed %d times: %d missed, %d doubled, sum %s of %s; the reader by"
                        + " 'recorded_at > last' missed %d (seed %d)%n",
                books.ids.size(),
                WRITERS,
                deaths.get(),
                books.ids.size() - distinct,
                rows - distinct,
                new NanoUsd(sum),
                new NanoUsd(books.sum.get()),
                books.ids.size() - naive.seen.size(),
                seed);
        assertThat(deaths.get()).isPositive();
        assertThat(distinct).isEqualTo(books.ids.size());
        assertThat(rows).isEqualTo(distinct);
        assertThat(sum).isEqualTo(books.sum.get());
        assertThat(consumed()).isEqualTo(books.ids);
        assertThat(new JdbcBilling(database.database()).problems()).isEmpty();
    }

    @Test
    void verifyFindsWhatWasChangedDeletedAddedOrCutOff() {
        JdbcLedgerStore ledger = new JdbcLedgerStore(database.database());
        for (int i = 0; i < 4; i++) {
            assertThat(ledger.insert(List.of(entry("resp_" + i, 1_000 + i)))).isEqualTo(new Outcome.Committed());
            database.query("select seal_ledger()");
        }
        JdbcBilling billing = new JdbcBilling(database.database());
        assertThat(billing.problems()).isEmpty();
        assertThat(billing.lastSeal()).isEqualTo(4);

        assertThat(problemsAfter("update usage_entry set cost_nano = 1 where reference = 'resp_1'"))
                .anyMatch(problem -> problem.contains("seal 2 sums to"));
        assertThat(problemsAfter("update usage_entry set subject = 'mallory' where reference = 'resp_1'"))
                .anyMatch(problem -> problem.contains("the entries of seal 2 are not the ones"));
        assertThat(problemsAfter("delete from usage_entry where reference = 'resp_2'"))
                .anyMatch(problem -> problem.contains("seal 3 has 0 entries"));
        assertThat(problemsAfter("delete from ledger_seal where seal_no = 2"))
                .anyMatch(problem -> problem.contains("seal 2 is missing"));
        assertThat(problemsAfter("update ledger_seal set chain = sha256('x') where seal_no = 1"))
                .anyMatch(problem -> problem.contains("the chain is broken at seal 1"));
        assertThat(problemsAfter("update usage_entry set xid = '3' where reference = 'resp_3'"))
                .anyMatch(problem -> problem.contains("seal 4"));
    }

    @Test
    void nobodyChangesASealAndTheRoleOfBillingSeesNothingElse() {
        write("resp_1");

        assertThatThrownBy(() -> database.execute("delete from ledger_seal")).hasMessageContaining("append-only");
        database.execute("""
                do $$ begin
                    set local role parley_billing;
                    perform * from billing.next('job');
                    perform billing.commit('job', 1);
                    if (select count(*) from billing.usage where seal_no = 1) <> 1 then raise 'no usage'; end if;
                end $$
                """);
        for (String forbidden : List.of("select * from usage_entry", "select * from tenant", "select seal_ledger()")) {
            assertThatThrownBy(() -> database.execute(
                            "do $$ begin set local role parley_billing; execute '" + forbidden + "'; end $$"))
                    .as(forbidden)
                    .hasMessageContaining("permission denied");
        }
        assertThatThrownBy(() -> database.query("select billing.commit('job', 1)"))
                .as("a second run of the same job")
                .hasMessageContaining("another run of it has been faster");
    }

    @Test
    void nobodyButTheBrokerMovesItsOwnCursors() throws Exception {
        write("resp_1");
        String user = "invoicer_" + ProcessHandle.current().pid();
        database.execute("create role " + user + " login password 'secret'");
        database.execute("grant parley_billing to " + user);

        String url = jdbcUrl().substring(0, jdbcUrl().indexOf('?'));
        try (Connection connection = DriverManager.getConnection(url, user, "secret");
                Statement statement = connection.createStatement()) {
            statement.execute("select * from billing.next('job')");
            statement.execute("select billing.commit('job', 1)");
            assertThatThrownBy(() -> statement.execute("select * from billing.next('parley-rollup', 1)"))
                    .hasMessageContaining("the broker's own");
            database.query("select roll_up()");
            write("resp_2");
            assertThatThrownBy(() -> statement.execute("select billing.commit('parley-rollup', 2)"))
                    .hasMessageContaining("the broker's own");
        } finally {
            database.execute("drop role " + user);
        }
    }

    private void write(String reference) {
        new JdbcLedgerStore(database.database()).insert(List.of(entry(reference, 5)));
        database.query("select seal_ledger()");
    }

    /** As somebody would who may do everything; undone again. */
    private List<String> problemsAfter(String tampering) {
        return database.database().withConnection("tamper", connection -> {
            connection.setAutoCommit(false);
            List<String> problems = new ArrayList<>();
            try (Statement statement = connection.createStatement()) {
                statement.execute("set local session_replication_role = replica"); // switches the triggers off
                statement.execute(tampering);
                try (ResultSet rows = statement.executeQuery("select problem from verify_ledger()")) {
                    while (rows.next()) {
                        problems.add(rows.getString(1));
                    }
                }
            } finally {
                connection.rollback();
                connection.setAutoCommit(true);
            }
            return problems;
        });
    }

    private static final class Books {
        private final Set<String> ids = new ConcurrentSkipListSet<>();
        private final AtomicLong sum = new AtomicLong();
    }

    private void prepare() {
        database.execute("create table job_output (entry_id uuid, cost_nano bigint)");
    }

    /** Some through the broker's own store; some in transactions that stay open, or are rolled back. */
    private Void write(int writer, Random random, AtomicBoolean writing, Books books) throws SQLException {
        JdbcLedgerStore store = new JdbcLedgerStore(database.database());
        for (int i = 0; writing.get(); i++) {
            UsageEntry entry = entry("resp_" + writer + "_" + i, 1L + random.nextInt(1_000));
            int kind = random.nextInt(40);
            if (kind > 1) {
                assertThat(store.insert(List.of(entry))).isEqualTo(new Outcome.Committed());
                book(books, entry);
                continue;
            }
            try (Connection connection = DriverManager.getConnection(jdbcUrl())) {
                connection.setAutoCommit(false);
                try (PreparedStatement insert = connection.prepareStatement("""
                        insert into usage_entry select (r).* from (select jsonb_populate_record(null::usage_entry,
                            to_jsonb(u) || jsonb_build_object('entry_id', ?::text, 'cost_nano', ?, 'reference', ?,
                                'xid', pg_current_xact_id()::text, 'recorded_at', clock_timestamp())) as r
                            from usage_entry as u limit 1) as copy
                        """)) {
                    insert.setString(1, entry.id().toString());
                    insert.setLong(2, entry.cost().value());
                    insert.setString(3, entry.reference());
                    if (insert.executeUpdate() == 0) {
                        continue;
                    }
                }
                LockSupport.parkNanos(Duration.ofMillis(random.nextInt(700)).toNanos());
                if (kind == 0) {
                    connection.rollback();
                } else {
                    connection.commit();
                    book(books, entry);
                }
            }
        }
        return null;
    }

    private static void book(Books books, UsageEntry entry) {
        books.ids.add(entry.id().toString());
        books.sum.addAndGet(entry.cost().value());
    }

    /** What the page for billing engineers shows, killed again and again: its connection is cut wherever it stands. */
    private Void consume(Random random, AtomicBoolean open, Books books, AtomicInteger deaths) {
        long end = System.nanoTime() + LENGTH.plusSeconds(15).toNanos();
        while (open.get() || number("select count(*) from job_output") < books.ids.size()) {
            assertThat(System.nanoTime()).as("the consumer is in time").isLessThan(end);
            try (Connection connection = DriverManager.getConnection(jdbcUrl())) {
                connection.setAutoCommit(false);
                while (true) {
                    dies(random, connection, deaths);
                    long seal = next(connection);
                    if (seal == 0) {
                        connection.rollback();
                        break;
                    }
                    dies(random, connection, deaths);
                    try (PreparedStatement apply = connection.prepareStatement(
                            "insert into job_output select entry_id, cost_nano from billing.usage where seal_no = ?")) {
                        apply.setLong(1, seal);
                        apply.executeUpdate();
                    }
                    dies(random, connection, deaths);
                    try (PreparedStatement commit = connection.prepareStatement("select billing.commit('job', ?)")) {
                        commit.setLong(1, seal);
                        commit.execute();
                    }
                    dies(random, connection, deaths);
                    connection.commit();
                    dies(random, connection, deaths);
                }
            } catch (SQLException e) {
                // it died; another one begins where the cursor stands
            }
        }
        return null;
    }

    private static void dies(Random random, Connection connection, AtomicInteger deaths) throws SQLException {
        if (random.nextInt(12) == 0) {
            deaths.incrementAndGet();
            connection.abort(Runnable::run);
            throw new SQLException("killed");
        }
    }

    private static long next(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select seal_no from billing.next('job')")) {
            return row.next() ? row.getLong(1) : 0;
        }
    }

    /** Remembers the last time that it saw, and asks for what is later. */
    private final class NaiveReader {
        private final Set<String> seen = new HashSet<>();

        Void read(AtomicBoolean open) throws SQLException {
            Instant last = Instant.EPOCH;
            try (Connection connection = DriverManager.getConnection(jdbcUrl());
                    PreparedStatement query = connection.prepareStatement(
                            "select entry_id::text, recorded_at from usage_entry where recorded_at > ?")) {
                boolean again = true;
                while (again) {
                    again = open.get();
                    query.setObject(1, last.atOffset(ZoneOffset.UTC));
                    try (ResultSet rows = query.executeQuery()) {
                        while (rows.next()) {
                            seen.add(rows.getString(1));
                            Instant at = rows.getObject(2, OffsetDateTime.class).toInstant();
                            last = at.isAfter(last) ? at : last;
                        }
                    }
                    LockSupport.parkNanos(5_000_000);
                }
            }
            return null;
        }
    }

    private Set<String> consumed() {
        return database.database().withConnection("read the job's output", connection -> {
            try (Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery("select entry_id::text from job_output")) {
                Set<String> ids = new HashSet<>();
                while (rows.next()) {
                    ids.add(rows.getString(1));
                }
                return ids;
            }
        });
    }

    private String jdbcUrl() {
        String url = database.url();
        String credentials = url.substring(url.indexOf("//") + 2, url.indexOf('@'));
        String[] parts = credentials.split(":", 2);
        return "jdbc:" + url.replace(credentials + "@", "") + "?user=" + parts[0] + "&password=" + parts[1];
    }

    private long number(String sql) {
        return Long.parseLong(database.query(sql));
    }

    private static UsageEntry entry(String reference, long cost) {
        return UsageEntries.response(
                "billing", reference, 202611, new NanoUsd(cost), Instant.parse("2026-11-21T10:00:00Z"));
    }
}
