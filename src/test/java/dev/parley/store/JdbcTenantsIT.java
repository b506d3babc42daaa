package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.TenantId;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.Tenant;
import dev.parley.tenancy.TenantStatus;
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
                .isInstanceOf(JdbcTenants.UnknownModelException.class)
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
        return new Tenant(
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
