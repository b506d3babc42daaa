package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.concurrent.Eventually;
import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.TenantId;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.Tenant;
import dev.parley.tenancy.TenantStatus;
import dev.parley.tenancy.TenantStore.Changes;
import dev.parley.tenancy.TenantStore.Mark;
import dev.parley.tenancy.TestTenants;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class JdbcTenantsIT {
    private static final TestDatabase DB = TestDatabase.create();
    private final JdbcTenants tenants = new JdbcTenants(DB.database());

    @AfterAll
    static void close() {
        DB.close();
    }

    @Test
    void findsATenantAsItWasCreated() {
        Tenant acme = tenant("acme", Set.of(new ModelName("gpt-realtime"), new ModelName("whisper-1")));

        assertThat(tenants.create(acme)).isTrue();

        assertThat(tenants.find(acme.id())).contains(acme);
        assertThat(tenants.find(new TenantId("nobody"))).isEmpty();
    }

    @Test
    void doesNotCreateASecondTenantOfTheSameName() {
        tenants.create(tenant("taken", Set.of()));

        assertThat(tenants.create(tenant("taken", Set.of(new ModelName("whisper-1")))))
                .isFalse();
        assertThat(tenants.find(new TenantId("taken")).orElseThrow().models()).isEmpty();
    }

    @Test
    void changesLimitsAndCountsTheGeneration() {
        tenants.create(tenant("changing", Set.of(new ModelName("gpt-realtime"))));

        var changed = tenants.change(new TenantId("changing"), _ -> tenant("changing", Set.of()));

        assertThat(changed).contains(tenant("changing", Set.of()));
        assertThat(tenants.find(new TenantId("changing"))).isEqualTo(changed);
        assertThat(DB.query("select generation from tenant where id = 'changing'"))
                .isEqualTo("2");
        assertThat(tenants.change(new TenantId("nobody"), tenant -> tenant)).isEmpty();
    }

    @Test
    void tellsWhatHasChangedSinceAMark() {
        Mark mark = tenants.changedSince(null).mark();
        assertThat(tenants.changedSince(null).tenants()).isEmpty();

        tenants.create(tenant("news-a", Set.of()));
        tenants.create(tenant("news-b", Set.of()));
        Changes made = tenants.changedSince(mark);
        assertThat(made.tenants()).contains(new TenantId("news-a"), new TenantId("news-b"));
        Eventually.holds("nothing is new", () -> {
            Mark latest = tenants.changedSince(null).mark();
            return tenants.changedSince(latest).tenants().isEmpty();
        });

        tenants.suspend(new TenantId("news-b"));
        Changes suspended = tenants.changedSince(made.mark());
        assertThat(suspended.tenants()).contains(new TenantId("news-b"));

        DB.execute("insert into tenant_limit values ('news-a', 'sessions_max', 7)"
                + " on conflict (tenant_id, name) do update set amount = 7");
        Changes limited = tenants.changedSince(suspended.mark());
        assertThat(limited.tenants()).contains(new TenantId("news-a"));

        DB.execute("insert into plan_limit values ('standard', 'responses_per_minute', 7)");
        Changes planned = tenants.changedSince(limited.mark());
        DB.execute("delete from plan_limit where plan = 'standard'");
        assertThat(planned.tenants()).contains(new TenantId("news-a"), new TenantId("news-b"));
    }

    /** As after a logical restore into a cluster whose transaction numbers are behind. */
    @Test
    void whatWasRestoredIsNotNewsForEver() {
        tenants.create(tenant("restored", Set.of()));
        Mark mark = tenants.changedSince(null).mark();
        DB.execute("set session_replication_role = replica; update tenant set changed_xid = '1000000000000'"
                + " where id = 'restored'; reset session_replication_role");

        Changes none = tenants.changedSince(mark);
        tenants.suspend(new TenantId("restored"));

        assertThat(none.tenants()).doesNotContain(new TenantId("restored"));
        assertThat(tenants.changedSince(none.mark()).tenants()).contains(new TenantId("restored"));
    }

    /** A change that is committed after a later one was already told. */
    @Test
    void missesNoChangeWhateverTheOrderOfTheCommits() throws Exception {
        tenants.create(tenant("slow", Set.of()));
        tenants.create(tenant("fast", Set.of()));
        Mark mark = tenants.changedSince(null).mark();
        try (Connection slow = Database.dedicated(DB.server());
                Statement statement = slow.createStatement()) {
            slow.setAutoCommit(false);
            statement.execute("update tenant set name = 'x' where id = 'slow'");
            tenants.suspend(new TenantId("fast"));
            Changes first = tenants.changedSince(mark);
            assertThat(first.tenants()).contains(new TenantId("fast")).doesNotContain(new TenantId("slow"));

            slow.commit();

            assertThat(tenants.changedSince(first.mark()).tenants()).contains(new TenantId("slow"));
        }
    }

    @Test
    void suspendsAndResumes() {
        TenantId id = new TenantId("paused");
        tenants.create(tenant("paused", Set.of()));

        assertThat(tenants.suspend(id)).isTrue();
        assertThat(tenants.find(id).orElseThrow().status()).isEqualTo(TenantStatus.SUSPENDED);
        assertThat(tenants.resume(id)).isTrue();
        assertThat(tenants.find(id)).contains(tenant("paused", Set.of()));
        assertThat(tenants.suspend(new TenantId("nobody"))).isFalse();
    }

    @Test
    void refusesAnAllowListWithAModelThatTheCatalogueDoesNotKnow() {
        assertThatThrownBy(() -> tenants.create(tenant("typo", Set.of(new ModelName("gpt-realtimes")))))
                .isInstanceOf(UnknownModelException.class)
                .hasMessageContaining("gpt-realtimes");
        assertThat(tenants.find(new TenantId("typo"))).isEmpty();
    }

    @Test
    void listsByName() {
        tenants.create(tenant("list-b", Set.of()));
        tenants.create(tenant("list-a", Set.of()));

        assertThat(tenants.list().stream().map(tenant -> tenant.id().value()).filter(id -> id.startsWith("list-")))
                .containsExactly("list-a", "list-b");
    }

    private static Tenant tenant(String id, Set<ModelName> models) {
        return TestTenants.of(
                new TenantId(id),
                "Acme of " + id,
                TenantStatus.ACTIVE,
                models,
                10,
                NanoUsd.ofUsd("25"),
                BudgetPeriod.DAY,
                4096,
                Duration.ofMinutes(55),
                true,
                Instant.parse("2026-11-01T00:00:00Z"));
    }
}
