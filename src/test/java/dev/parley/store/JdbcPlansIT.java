package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.concurrent.Eventually;
import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.store.JdbcPlans.Deletion;
import dev.parley.tenancy.Budget;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.BudgetUnit;
import dev.parley.tenancy.LimitName;
import dev.parley.tenancy.Plan;
import dev.parley.tenancy.PlanId;
import dev.parley.tenancy.Settings;
import dev.parley.tenancy.Tenant;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class JdbcPlansIT {
    private static final TestDatabase DB = TestDatabase.create();
    private final JdbcPlans plans = new JdbcPlans(DB.database());
    private final JdbcTenants tenants = new JdbcTenants(DB.database());

    @AfterAll
    static void close() {
        DB.close();
    }

    @Test
    void keepsEverythingThatAPlanCanSay() {
        Settings settings = Settings.NONE
                .with(LimitName.RESPONSES_PER_MINUTE, 60)
                .with(LimitName.SESSIONS_MAX, OptionalLong.empty())
                .with(Budget.ofMoney("month", NanoUsd.ofUsd("250"), BudgetPeriod.MONTH))
                .with(new Budget(
                        "each",
                        BudgetUnit.TOKENS,
                        BudgetPeriod.DAY,
                        Budget.Scope.EACH_SUBJECT,
                        null,
                        OptionalLong.of(100_000),
                        false,
                        List.of(90)))
                .withCloseOnExhausted(true)
                .withMcpAllowed(false)
                .withContentCapture(true)
                .withModels(Set.of(new ModelName("gpt-realtime")))
                .withVoices(Set.of("marin", "cedar"));
        Plan pro = new Plan(new PlanId("pro"), "Pro", settings);

        assertThat(plans.create(pro)).isTrue();
        assertThat(plans.create(pro)).isFalse();
        assertThat(plans.find(pro.id())).contains(pro);

        Plan changed = plans.change(
                        pro.id(),
                        old -> new Plan(old.id(), "Professional", old.settings().without("each")))
                .orElseThrow();
        assertThat(changed.settings().budgets()).hasSize(1);
        assertThat(plans.find(pro.id())).contains(changed);
        assertThat(plans.list()).contains(changed);
    }

    @Test
    void aTenantsOwnSettingsStandBeforeItsPlans() {
        Settings shared = Settings.NONE
                .with(LimitName.RESPONSES_PER_MINUTE, 60)
                .with(LimitName.TOKENS_PER_MINUTE, 9_000)
                .with(Budget.ofMoney("month", NanoUsd.ofUsd("250"), BudgetPeriod.MONTH))
                .with(Budget.ofMoney("day", NanoUsd.ofUsd("20"), BudgetPeriod.DAY))
                .withVoices(Set.of("marin"));
        plans.create(new Plan(new PlanId("team"), "Team", shared));
        Settings own = Settings.NONE
                .with(LimitName.RESPONSES_PER_MINUTE, 5)
                .with(LimitName.TOKENS_PER_MINUTE, OptionalLong.empty())
                .with(Budget.ofMoney("day", NanoUsd.ofUsd("3"), BudgetPeriod.DAY))
                .with(new Budget(
                        "kim",
                        BudgetUnit.MONEY,
                        BudgetPeriod.TOTAL,
                        Budget.Scope.SUBJECT,
                        new SubjectId("kim"),
                        OptionalLong.of(1),
                        true,
                        List.of()));
        TenantId id = new TenantId("acme");
        tenants.create(Tenant.of(id, "Acme", own).withPlan(new PlanId("team")));

        Tenant acme = tenants.find(id).orElseThrow();

        assertThat(acme.own()).isEqualTo(own);
        assertThat(acme.limit(LimitName.RESPONSES_PER_MINUTE)).hasValue(5);
        assertThat(acme.limit(LimitName.TOKENS_PER_MINUTE)).isEmpty();
        assertThat(acme.sessionsMax()).as("neither says anything").isEqualTo(10);
        assertThat(acme.allowsVoice("marin")).isTrue();
        assertThat(acme.allowsVoice("alloy")).isFalse();
        assertThat(acme.budgets().stream().map(Budget::name)).containsExactlyInAnyOrder("main", "month", "day", "kim");
        assertThat(acme.settings().budget("day")).isEqualTo(own.budget("day"));

        plans.change(
                new PlanId("team"),
                old -> new Plan(old.id(), old.name(), old.settings().with(LimitName.SESSIONS_MAX, 77)));
        assertThat(tenants.find(id).orElseThrow().sessionsMax()).isEqualTo(77);
        Tenant back = tenants.change(id, old -> old.withOwn(old.own().without(LimitName.RESPONSES_PER_MINUTE)))
                .orElseThrow();
        assertThat(back.limit(LimitName.RESPONSES_PER_MINUTE)).hasValue(60);
    }

    @Test
    void aTenantMovesToAPlanThatChangesAtTheSameMoment() throws Exception {
        PlanId busy = new PlanId("busy");
        plans.create(new Plan(busy, "Busy", Settings.NONE));
        TenantId mover = new TenantId("mover");
        tenants.create(Tenant.of(mover, "Mover", Settings.NONE).withPlan(busy));
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            AtomicReference<Future<?>> other = new AtomicReference<>();
            tenants.change(mover, old -> {
                other.set(threads.submit(() -> plans.change(
                        busy, plan -> new Plan(busy, "Busier", plan.settings().with(LimitName.SESSIONS_MAX, 3)))));
                Eventually.holds(
                        "the plan's change waits",
                        () -> !DB.query("select count(*) from pg_locks where not granted")
                                .equals("0"));
                return old.withName("Moved");
            });
            Objects.requireNonNull(other.get()).get();
        }

        assertThat(tenants.find(mover).orElseThrow().name()).isEqualTo("Moved");
        assertThat(tenants.find(mover).orElseThrow().limit(LimitName.SESSIONS_MAX))
                .hasValue(3);
    }

    @Test
    void aChangeOfAPlanTouchesEachOfItsTenantsOnce() {
        PlanId wide = new PlanId("wide");
        plans.create(new Plan(wide, "Wide", Settings.NONE.with(LimitName.SESSIONS_MAX, 3)));
        DB.execute(
                "insert into tenant (id, name, plan) select 'wide-' || n, 'Wide', 'wide' from generate_series(1, 50) as n");
        DB.execute("create sequence touched");
        DB.execute("create function touch() returns trigger language plpgsql as "
                + "'begin perform nextval(''touched''); return null; end'");
        DB.execute("create trigger touch after update on tenant for each row execute function touch()");

        plans.change(
                wide,
                old -> new Plan(
                        wide,
                        "Wider",
                        old.settings()
                                .with(LimitName.RESPONSES_PER_MINUTE, 9)
                                .with(Budget.ofMoney("day", NanoUsd.ofUsd("20"), BudgetPeriod.DAY))));

        assertThat(DB.query("select last_value from touched")).isEqualTo("50");
        DB.execute("drop trigger touch on tenant");
    }

    @Test
    void deletesOnlyWhatNobodyIsOn() {
        PlanId old = new PlanId("old");
        plans.create(new Plan(old, "Old", Settings.NONE));
        tenants.create(Tenant.of(new TenantId("loyal"), "Loyal", Settings.NONE).withPlan(old));

        assertThat(plans.delete(old)).isEqualTo(Deletion.IN_USE);
        tenants.change(new TenantId("loyal"), tenant -> tenant.withPlan(PlanId.STANDARD));
        assertThat(plans.delete(old)).isEqualTo(Deletion.DELETED);
        assertThat(plans.delete(old)).isEqualTo(Deletion.UNKNOWN);
    }

    @Test
    void refusesAPlanThatDoesNotExist() {
        Tenant lost = Tenant.of(new TenantId("lost"), "Lost", Settings.NONE).withPlan(new PlanId("nowhere"));

        assertThatThrownBy(() -> tenants.create(lost))
                .isInstanceOf(UnknownPlanException.class)
                .hasMessage("there is no plan 'nowhere'");
        assertThat(tenants.find(lost.id())).isEmpty();
    }
}
