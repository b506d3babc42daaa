package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.domain.TenantId;
import dev.parley.tenancy.Tenant;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Postgres itself hides a tenant's rows from the tenant plane when it acts for another. */
class TenantIsolationIT {
    private static final int TENANTS = 20;
    private static final int READS = 1_000;
    private static final int CONNECTIONS = 4;
    private static final String TENANTS_TABLES = """
            select c.oid::regclass::text as name, c.relispartition as part, c.relrowsecurity and c.relforcerowsecurity as hidden,
                   has_table_privilege('parley_tenant', c.oid, 'select') as readable
            from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
            where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace order by 1
            """;

    private static TestDatabase database;
    private static Database few;

    @BeforeAll
    static void open() {
        database = TestDatabase.create();
        few = Database.open(database.server(), database.config().withPoolSize(CONNECTIONS));
        database.execute("insert into node (name, address, version) values ('n', '127.0.0.1:1', 'test')");
        database.execute("select make_usage_partition(to_char(now(), 'YYYYMM')::int)");
        for (int i = 0; i < TENANTS; i++) {
            database.execute("""
                    insert into tenant (id, name) values ('t%1$d', 'canary-%1$d');
                    insert into tenant_limit (tenant_id, name, amount) values ('t%1$d', 'sessions_max', %1$d + 1);
                    insert into session_error (tenant_id, subject, session_id, origin, code, detail, at)
                    select 't%1$d', 's', 'psn_%1$d', 'client', 'code', 'canary-%1$d', now() from generate_series(1, 5);
                    insert into live_session (session_id, tenant_id, subject, model, node, epoch)
                    values ('psn_%1$d', 't%1$d', 's', 'gpt-realtime', 'n', (select max(epoch) from node));
                    insert into usage_entry (tenant_id, entry_id, period, subject, session_id, reference, work, kind, node,
                        account, model_asked, model_resolved, status, text_in, audio_in, image_in, cached_text, cached_audio,
                        cached_image, text_out, audio_out, reasoning_out, millis, price_version, cost_nano, event_time)
                    values ('t%1$d', gen_random_uuid(), to_char(now(), 'YYYYMM')::int, 's', 'psn_%1$d', 'resp_%1$d', 'response',
                        'usage', 'n', 'a', 'gpt-realtime', 'gpt-realtime', 'completed', 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1000,
                        now());
                    insert into usage_rollup
                    values ('t%1$d', date_trunc('hour', now()), 's', 'm', 'response', 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1000, 1);
                    insert into late_entry (tenant_id, entry_id, period) values ('t%1$d', gen_random_uuid(), 202601);
                    insert into session_count (tenant_id, open) values ('t%1$d', 1);
                    insert into budget (tenant_id, name, unit, period, scope, amount)
                    values ('t%1$d', 'main', 'money', 'day', 'tenant', 1000);
                    insert into budget_balance (tenant_id, limit_key, unit, hard, window_start, opening, spent, limit_amount)
                    values ('t%1$d', 'budget/main', 'money', true, now(), 0, 0, 1000);
                    insert into budget_grant (balance_id, epoch) select id, 1 from budget_balance where tenant_id = 't%1$d';
                    insert into budget_event (tenant_id, budget, unit, period, threshold, spent, amount, hard, window_start)
                    values ('t%1$d', 'main', 'money', 'day', 50, 500, 1000, true, now());
                    insert into token_issuer (name, tenant_id, source, algorithms, secret, version)
                    values ('issuer-%1$d', 't%1$d', 'hs256', '{HS256}', 'sealed', 1);
                    insert into revoked_token (tenant_id, token_id, expires_at, version) values ('t%1$d', 'jti', now(), 1);
                    insert into webhook (id, tenant_id, url, secret)
                    values ('wh_' || lpad('%1$d', 22, '0'), 't%1$d', 'https://hooks.example', 'sealed');
                    insert into client_secret (id, hash, tenant_id, subject, kind, model, session, fixed, single_use,
                        created_at, expires_at, made_by)
                    values ('secret-%1$d', sha256('%1$d'), 't%1$d', 's', 'conversation', 'gpt-realtime', '{}', '{}', false,
                        now(), now(), 'parley');
                    insert into tenant_origin (tenant_id, origin) values ('t%1$d', 'https://app.example');
                    insert into call (id, tenant_id, account, state) values ('rtc_%1$d', 't%1$d', 'default', 'ringing');
                    insert into call_address (address, tenant_id) values ('+49%1$d', 't%1$d')
                    """.formatted(i));
        }
    }

    @AfterAll
    static void close() {
        few.close();
        database.close();
    }

    @Test
    void everyTableWithATenantIdIsHidden() {
        List<Row> tables = few.withConnection("list tables", TenantIsolationIT::tables);
        System.out.println("tables with a tenant id: "
                + tables.stream().filter(row -> !row.partition()).map(Row::name).toList());

        assertThat(tables.stream().filter(row -> !row.partition()).map(Row::name))
                .contains("usage_entry", "session_error", "token_issuer", "webhook", "budget");
        assertThat(tables.stream().filter(row -> !row.partition() && !row.hidden()))
                .as("tables for which no migration has called protect_tenant_rows")
                .isEmpty();
        assertThat(tables.stream().filter(row -> row.partition() && row.readable()))
                .as("partitions that can be read past their table")
                .isEmpty();
        assertThat(database.query(
                        "select relrowsecurity and relforcerowsecurity from pg_class where relname = 'tenant'"))
                .isEqualTo("t");
    }

    @Test
    void ofEveryTableATenantSeesItsOwnRowsOnlyOrNone() {
        List<Row> tables = few.withConnection("list tables", TenantIsolationIT::tables).stream()
                .filter(row -> !row.partition())
                .toList();
        for (Row table : tables) {
            long own = rowsOf(table, "t3");
            assertThat(own).as("rows of t3 in " + table.name()).isPositive();
            assertThat(rowsOf(table, "t4")).as("rows of t4 in " + table.name()).isPositive();
            String seen =
                    "select count(*) filter (where tenant_id = 't3') as own, count(*) filter (where tenant_id <> 't3') as"
                            + " foreigners from " + table.name();
            if (table.readable()) {
                List<Long> counted = few.asTenant(
                        seen,
                        new TenantId("t3"),
                        connection -> Sql.query(
                                        connection, seen, row -> List.of(row.getLong("own"), row.getLong("foreigners")))
                                .getFirst());
                assertThat(counted)
                        .as("own and foreign rows of " + table.name())
                        .isEqualTo(List.of(own, 0L));
            } else {
                assertThatThrownBy(() -> few.asTenant(
                                seen, new TenantId("t3"), connection -> Sql.query(connection, seen, _ -> "row")))
                        .as(table.name())
                        .hasStackTraceContaining("permission denied");
            }
        }
        System.out.println("tables of tenants, each read as one of them: "
                + tables.stream()
                        .map(row -> row.name() + (row.readable() ? ": its own rows" : ": refused"))
                        .toList());
    }

    private static long rowsOf(Row table, String tenant) {
        return few.withConnection(
                "count",
                connection -> Sql.query(
                                connection,
                                "select count(*) as n from " + table.name() + " where tenant_id = ?",
                                row -> row.getLong("n"),
                                tenant)
                        .getFirst());
    }

    private static List<Row> tables(Connection connection) throws SQLException {
        return Sql.query(
                connection,
                TENANTS_TABLES,
                row -> new Row(
                        row.getString("name"),
                        row.getBoolean("part"),
                        row.getBoolean("hidden"),
                        row.getBoolean("readable")));
    }

    @Test
    void aTenantSeesTheGrantsOfItsOwnBudgetsOnly() {
        String seen = "select count(*) as n from budget_grant";
        long all = few.withConnection(
                seen,
                connection ->
                        Sql.query(connection, seen, row -> row.getLong("n")).getFirst());
        assertThat(all).isEqualTo(TENANTS);
        assertThat(few.<Long>asTenant(
                        seen,
                        new TenantId("t3"),
                        connection -> Sql.query(connection, seen, row -> row.getLong("n"))
                                .getFirst()))
                .isEqualTo(1);
    }

    @Test
    void theTenantPlanesRoleIsWeakAndOnlyReads() {
        assertThat(database.query("select rolsuper or rolbypassrls or rolcanlogin or rolcreaterole or rolcreatedb"
                        + " from pg_roles where rolname = 'parley_tenant'"))
                .isEqualTo("f");
        assertThat(database.query("""
                        select string_agg(c.relname, ',' order by c.relname) from pg_class c
                        where c.relkind in ('r', 'p', 'v') and c.relnamespace = 'public'::regnamespace
                          and has_table_privilege('parley_tenant', c.oid, 'select')
                        """))
                .isEqualTo(
                        "budget,budget_balance,budget_event,budget_grant,live_session,plan,plan_limit,session_count,session_error,"
                                + "tenant,tenant_limit,usage_entry,usage_rollup");
        assertThat(database.query("""
                        select count(*) from pg_class c where c.relkind in ('r', 'p', 'v')
                          and c.relnamespace in ('public'::regnamespace, 'billing'::regnamespace)
                          and has_table_privilege('parley_tenant', c.oid, 'insert, update, delete, truncate')
                        """)).isEqualTo("0");
    }

    @Test
    void manyTenantsOverFewConnectionsNeverSeeEachOther() throws Exception {
        long seed = RandomGenerator.getDefault().nextLong();
        RandomGenerator random = new java.util.SplittableRandom(seed);
        List<Future<Integer>> reads = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < READS; i++) {
                int tenant = random.nextInt(TENANTS);
                reads.add(threads.submit(() -> foreignRows(tenant)));
            }
        }
        int foreign = 0;
        for (Future<Integer> read : reads) {
            foreign += read.get();
        }
        System.out.println("foreign rows in " + READS + " reads over " + CONNECTIONS + " connections: " + foreign);
        assertThat(foreign).as("seed " + seed).isZero();
        assertThat(few.<Long>withConnection(
                        "count",
                        connection -> Sql.query(
                                        connection, "select count(*) as n from session_error", row -> row.getLong("n"))
                                .getFirst()))
                .as("the broker itself sees all of them")
                .isEqualTo(TENANTS * 5L);
    }

    @Test
    void aTenantIsReadWithWhatItMaySee() {
        JdbcTenants tenants = new JdbcTenants(few);
        Tenant itself = tenants.seenByThemselves().find(new TenantId("t7")).orElseThrow();

        assertThat(itself).isEqualTo(tenants.find(new TenantId("t7")).orElseThrow());
        assertThat(itself.name()).isEqualTo("canary-7");
    }

    @Test
    void whoForgetsToSayForWhomIsRefusedAndNobodyWrites() throws Exception {
        String forgetful = "set role parley_tenant; select detail from session_error";
        try (Connection fresh = Database.dedicated(database.server());
                Statement statement = fresh.createStatement()) {
            assertThatThrownBy(() -> statement.execute(forgetful)).hasMessageContaining("parley.tenant");
        }
        for (String write : List.of(
                "insert into tenant_limit (tenant_id, name, amount) values ('t3', 'tokens_per_minute', 1)",
                "update tenant set name = 'mine' where id = 't3'",
                "delete from session_error",
                "select count(*) from token_issuer",
                "select count(*) from audit_entry")) {
            assertThatThrownBy(() -> few.asTenant(write, new TenantId("t3"), connection -> {
                        try (var statement = connection.createStatement()) {
                            return statement.execute(write);
                        }
                    }))
                    .as(write)
                    .isInstanceOf(StoreException.class);
        }
        assertThatThrownBy(() ->
                        few.inTransaction("outer", _ -> few.asTenant("inner", new TenantId("t3"), _ -> Boolean.TRUE)))
                .isInstanceOf(IllegalStateException.class);
    }

    /** What tenant {@code own} sees of others in all tables that it may read. */
    private static int foreignRows(int own) {
        return few.asTenant("read as a tenant", new TenantId("t" + own), connection -> {
            int foreign = 0;
            for (String table :
                    Set.of("tenant_limit", "session_error", "live_session", "usage_entry", "usage_rollup")) {
                foreign += others(connection, table, "tenant_id", own);
            }
            int seen = Sql.query(connection, "select count(*)::int as n from session_error", row -> row.getInt("n"))
                    .getFirst();
            return foreign + others(connection, "tenant", "id", own) + (seen == 5 ? 0 : 1);
        });
    }

    private static int others(Connection connection, String table, String column, int own) throws SQLException {
        return Sql.query(
                        connection,
                        "select count(*)::int as n from " + table + " where " + column + " <> ?",
                        row -> row.getInt("n"),
                        "t" + own)
                .getFirst();
    }

    private record Row(String name, boolean partition, boolean hidden, boolean readable) {}
}
