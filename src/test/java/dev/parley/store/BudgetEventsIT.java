package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.concurrent.Eventually;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.quota.GrantStore.Ask;
import dev.parley.quota.Limit;
import dev.parley.quota.TenantLimits;
import dev.parley.tenancy.Tenant;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which events budgets raise, and that each is raised once, on any number of nodes. */
class BudgetEventsIT {
    private static final TestDatabase DB = TestDatabase.create();
    private static final String TENANT_EVENTS =
            "select coalesce(string_agg(threshold || ' of ' || amount, ', ' order by id), '') from budget_event";

    @AfterAll
    static void close() {
        DB.close();
    }

    @BeforeEach
    void empty() {
        DB.execute("truncate budget_event, budget_grant, budget_balance, tenant cascade");
        DB.execute("insert into tenant (id, name) values ('acme', 'Acme')");
    }

    @Test
    void aBudgetThatPassesTwoThresholdsAtOnceRaisesTwoEventsOnce() {
        budget("acme", "main", "tenant", 1_000, true);
        balance("acme", "main", "", 0);
        spend("acme", "", 850);

        assertThat(raise()).isEqualTo(1);
        assertThat(raise()).isZero();

        assertThat(DB.query(TENANT_EVENTS)).isEqualTo("50 of 1000, 80 of 1000");
        assertThat(DB.query(
                        "select distinct concat_ws(' ', tenant_id, budget, unit, period, coalesce(subject, '-'), spent, hard,"
                                + " window_end - window_start) from budget_event"))
                .isEqualTo("acme main money hour - 850 t 01:00:00");
        spend("acme", "", 1_000);
        raise();
        assertThat(DB.query(TENANT_EVENTS)).isEqualTo("50 of 1000, 80 of 1000, 100 of 1000");
    }

    @Test
    void nodesThatAskAtTheSameTimeRaiseEachEventOnce() throws Exception {
        for (int i = 0; i < 300; i++) {
            tenant("t" + i);
            budget("t" + i, "main", "tenant", 1_000, i % 2 == 0);
            balance("t" + i, "main", "", 850);
        }
        try (ExecutorService nodes = Executors.newVirtualThreadPerTaskExecutor()) {
            Callable<Integer> node =
                    () -> IntStream.range(0, 20).map(_ -> raise()).sum();
            int changed = 0;
            for (Future<Integer> each : nodes.invokeAll(List.of(node, node, node, node, node))) {
                changed += each.get();
            }
            assertThat(changed).isEqualTo(300);
        }
        assertThat(DB.query("select count(*) || ' ' || count(distinct (tenant_id, threshold)) from budget_event"))
                .isEqualTo("600 600");
    }

    @Test
    void eachSubjectRaisesItsOwn() {
        budget("acme", "each", "each_subject", 100, true);
        balance("acme", "each", "alice", 60);
        balance("acme", "each", "bob", 10);
        balance("acme", "each", "carol", 100);

        raise();

        assertThat(
                        DB.query(
                                "select string_agg(subject || ' ' || threshold, ', ' order by subject, threshold) from budget_event"))
                .isEqualTo("alice 50, carol 50, carol 80, carol 100");
    }

    @Test
    void aThresholdCanBePassedAgainAfterTheAmountWasRaised() {
        budget("acme", "main", "tenant", 1_000, true);
        balance("acme", "main", "", 600);
        raise();

        DB.execute("update budget set amount = 2000");
        raise();
        DB.execute("update budget_balance set spent = 1100");
        raise();

        assertThat(DB.query(TENANT_EVENTS)).isEqualTo("50 of 1000, 50 of 2000");
    }

    @Test
    void aWindowThatRenewsStartsAnewAndAnOldOneIsLeftAlone() {
        budget("acme", "main", "tenant", 1_000, false);
        balance("acme", "main", "", 900);
        raise();
        DB.execute("update budget_balance set window_start = window_start - interval '3 hours',"
                + " window_end = window_end - interval '3 hours'");
        balance("acme", "main", "", 500);
        raise();
        DB.execute("update budget_balance set spent = 5000 where window_end < now()");
        raise();

        assertThat(DB.query(TENANT_EVENTS)).isEqualTo("50 of 1000, 80 of 1000, 50 of 1000");
        assertThat(DB.query("select bool_or(hard)::text from budget_event")).isEqualTo("false");
    }

    @Test
    void whatWasSpentUnderAnotherScopeUnitOrPlanRaisesNothing() {
        DB.execute("insert into budget (plan, name, unit, period, scope, amount)"
                + " values ('standard', 'main', 'money', 'hour', 'tenant', 100)");
        balance("acme", "main", "", 90);
        budget("acme", "main", "tenant", 1_000, true);
        assertThat(raise()).as("the tenant's own stands in place of its plan's").isZero();

        DB.execute("update budget set scope = 'each_subject', amount = 10 where tenant_id = 'acme'");
        assertThat(raise())
                .as("the tenant's sum against the amount of one subject")
                .isZero();

        DB.execute("delete from budget where tenant_id = 'acme'");
        assertThat(raise()).as("its plan's").isEqualTo(1);
        DB.execute("delete from budget where plan = 'standard'");
    }

    @Test
    void nodesLookNoMoreOftenTogetherThanOneAlone() {
        budget("acme", "main", "tenant", 1_000, true);
        balance("acme", "main", "", 500);
        DB.execute("update budget_watch set looked_at = clock_timestamp()");

        assertThat(BudgetEvents.raise(DB.database(), Duration.ofHours(1))).isZero();
        DB.execute("update budget_watch set looked_at = clock_timestamp() - interval '1 hour'");
        assertThat(BudgetEvents.raise(DB.database(), Duration.ofHours(1))).isEqualTo(1);
    }

    @Test
    void oneTransactionRaisesOfABoundedNumberOfBalances() {
        DB.execute("insert into tenant (id, name) select 't' || i, 't' from generate_series(1, 501) as i");
        DB.execute("insert into budget (tenant_id, name, unit, period, scope, amount)"
                + " select 't' || i, 'main', 'money', 'hour', 'tenant', 0 from generate_series(1, 501) as i");
        balance("t1", "main", "", 0);
        DB.query("select count(open_balance('t' || i, limit_key, '', 'money', 'hour', true, 0, 'main'))"
                + " from budget_balance, generate_series(2, 501) as i");

        assertThat(raise()).isEqualTo(BudgetEvents.BALANCES_MAX);
        assertThat(raise()).isEqualTo(1);
    }

    @Test
    void raisesByItself() {
        budget("acme", "main", "tenant", 1_000, true);
        balance("acme", "main", "", 500);
        try (BudgetEvents _ = new BudgetEvents(DB.database())) {
            Eventually.holds(
                    "an event",
                    () -> DB.query("select count(*) from budget_event").equals("1"));
        }
    }

    @Test
    void countsBudgetsThatAreAboutToBeSpentAndThoseThatAre() {
        DB.execute("insert into tenant (id, name) values ('half', 'h'), ('near', 'n'), ('over', 'o')");
        for (String tenant : List.of("half", "near", "over")) {
            budget(tenant, "main", "tenant", 1_000, true);
        }
        balance("half", "main", "", 799);
        balance("near", "main", "", 800);
        balance("over", "main", "", 1_000);

        assertThat(BudgetEvents.count(DB.database())).isEqualTo(new BudgetEvents.Counts(1, 1));
    }

    private static int raise() {
        return BudgetEvents.raise(DB.database(), Duration.ZERO);
    }

    private static void tenant(String id) {
        DB.execute("insert into tenant (id, name) values ('" + id + "', '" + id + "')");
    }

    private static void budget(String tenant, String name, String scope, long amount, boolean hard) {
        DB.execute(
                "insert into budget (tenant_id, name, unit, period, scope, amount, hard) values ('%s', '%s', 'money', 'hour', '%s', %d, %b)"
                        .formatted(tenant, name, scope, amount, hard));
    }

    /** As a node opens it for a budget that its tenant has. */
    private static void balance(String id, String name, String subject, long spent) {
        Tenant tenant = new JdbcTenants(DB.database()).find(new TenantId(id)).orElseThrow();
        SubjectId speaker = new SubjectId(subject.isEmpty() ? "somebody" : subject);
        Limit limit = new TenantLimits()
                .of(tenant, speaker).stream()
                        .filter(one -> name.equals(one.budget()))
                        .findFirst()
                        .orElseThrow();
        new JdbcGrants(DB.database())
                .exchange(0, List.of(new Ask(tenant.id(), limit, null, null, 0, 0, 0, 0, 0, 0, 0, false)));
        DB.execute(
                "update budget_balance set spent = %d where tenant_id = '%s' and subject = '%s' and window_end > now()"
                        .formatted(spent, id, subject));
    }

    /** As usage entries settle: in grants that are still open. */
    private static void spend(String tenant, String subject, long all) {
        DB.execute(
                "insert into budget_grant (balance_id, epoch, granted, settled) select id, 1, %1$d, %1$d from budget_balance"
                                .formatted(all)
                        + " where tenant_id = '%s' and subject = '%s' on conflict (balance_id, epoch) do update set settled = excluded.settled"
                                .formatted(tenant, subject));
    }
}
