package dev.parley.store;

import dev.parley.domain.TenantId;
import dev.parley.tenancy.PlanId;
import dev.parley.tenancy.Settings;
import dev.parley.tenancy.Tenant;
import dev.parley.tenancy.TenantStatus;
import dev.parley.tenancy.TenantStore;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Tenants in Postgres. Every call blocks, and throws {@link StoreException} when Postgres does not do it. Thread-safe. */
public final class JdbcTenants implements TenantStore {
    private static final String SELECT = """
            select id, name, status, plan, tokens_valid_from,
                   settings_of(id, null)::text as own, settings_of(null, plan)::text as plans
            from tenant
            """;

    private final Database database;

    public JdbcTenants(Database database) {
        this.database = database;
    }

    @Override
    public Optional<Tenant> find(TenantId id) {
        return database.withConnection("read tenant '" + id + "'", connection -> select(connection, id, ""));
    }

    /** The same for the tenant plane: each tenant is read with what its role may see of it, and nothing else. */
    public TenantStore seenByThemselves() {
        return new TenantStore() {
            @Override
            public Optional<Tenant> find(TenantId id) {
                return database.asTenant("read tenant '" + id + "'", id, connection -> select(connection, id, ""));
            }

            @Override
            public Changes changedSince(@Nullable Mark mark) {
                return JdbcTenants.this.changedSince(mark);
            }
        };
    }

    /** The mark is the oldest transaction that was still running: whatever was not visible then has a number from it on. */
    @Override
    public Changes changedSince(@Nullable Mark mark) {
        return database.withConnection("look for changed tenants", connection -> {
            // Numbers that no transaction here can have yet are of the cluster that a dump came from: no news.
            try (PreparedStatement query = connection.prepareStatement("""
                    select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as mark, tenant.id
                    from (values (1)) as always
                    left join tenant on tenant.changed_xid >= ?::text::xid8
                        and tenant.changed_xid < pg_snapshot_xmax(pg_current_snapshot())
                    """)) {
                query.setString(1, mark == null ? null : Long.toString(mark.value()));
                try (ResultSet rows = query.executeQuery()) {
                    Set<TenantId> changed = new HashSet<>();
                    Mark next = null;
                    while (rows.next()) {
                        next = new Mark(rows.getLong("mark"));
                        String id = rows.getString("id");
                        if (id != null) {
                            changed.add(new TenantId(id));
                        }
                    }
                    return new Changes(Objects.requireNonNull(next), changed);
                }
            }
        });
    }

    /** All tenants, by name. */
    public List<Tenant> list() {
        return database.withConnection("list tenants", connection -> {
            try (PreparedStatement query = connection.prepareStatement(SELECT + "order by id");
                    ResultSet rows = query.executeQuery()) {
                List<Tenant> tenants = new ArrayList<>();
                while (rows.next()) {
                    tenants.add(tenant(rows));
                }
                return tenants;
            }
        });
    }

    /**
     * Makes a tenant.
     *
     * @return false, with nothing changed, if there is one of this name already
     * @throws UnknownModelException if the allow-list names a model that is not in the catalogue
     * @throws UnknownPlanException if there is no such plan
     */
    public boolean create(Tenant tenant) {
        return database.inTransaction("create tenant '" + tenant.id() + "'", connection -> {
            refuseUnknown(connection, tenant.plan());
            try (PreparedStatement insert = connection.prepareStatement("""
                    insert into tenant (name, status, plan, tokens_valid_from, id) values (?, ?, ?, ?, ?)
                    on conflict do nothing
                    """)) {
                bind(insert, tenant);
                if (insert.executeUpdate() == 0) {
                    return false;
                }
            }
            StoredSettings.ofTenant(tenant.id()).write(connection, tenant.own());
            return true;
        });
    }

    /**
     * Changes a tenant's settings in one transaction; running nodes act on it within a second.
     *
     * @param change from the settings now to the new ones; the id stays. What holds by the plan is not the change's to say
     * @return the new settings; empty if there is no such tenant
     * @throws UnknownModelException if the allow-list names a model that is not in the catalogue
     * @throws UnknownPlanException if there is no such plan
     */
    public Optional<Tenant> change(TenantId id, UnaryOperator<Tenant> change) {
        return database.inTransaction("change tenant '" + id + "'", connection -> {
            JdbcPlans.keepPlans(connection);
            Optional<Tenant> old = select(connection, id, "for update");
            if (old.isEmpty()) {
                return old;
            }
            Tenant changed = change.apply(old.get());
            if (!changed.id().equals(id)) {
                throw new IllegalArgumentException("a tenant keeps its name");
            }
            refuseUnknown(connection, changed.plan());
            try (PreparedStatement update = connection.prepareStatement("""
                    update tenant
                    set name = ?, status = ?, plan = ?, tokens_valid_from = ?, generation = generation + 1, updated_at = now()
                    where id = ?
                    """)) {
                bind(update, changed);
                update.executeUpdate();
            }
            if (!changed.own().equals(old.get().own())) {
                StoredSettings.ofTenant(id).write(connection, changed.own());
            }
            return select(connection, id, "");
        });
    }

    /** Ends the tenant's access; live sessions are closed within some seconds. False if there is no such tenant. */
    public boolean suspend(TenantId id) {
        return change(id, tenant -> tenant.withStatus(TenantStatus.SUSPENDED)).isPresent();
    }

    /** Gives a suspended tenant its access back. False if there is no such tenant. */
    public boolean resume(TenantId id) {
        return change(id, tenant -> tenant.withStatus(TenantStatus.ACTIVE)).isPresent();
    }

    private static Optional<Tenant> select(Connection connection, TenantId id, String lock) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(SELECT + "where id = ? " + lock)) {
            query.setString(1, id.value());
            try (ResultSet rows = query.executeQuery()) {
                return rows.next() ? Optional.of(tenant(rows)) : Optional.empty();
            }
        }
    }

    private static void bind(PreparedStatement statement, Tenant tenant) throws SQLException {
        statement.setString(1, tenant.name());
        statement.setString(2, word(tenant.status()));
        statement.setString(3, tenant.plan().value());
        statement.setObject(4, tenant.tokensValidFrom().atOffset(ZoneOffset.UTC));
        statement.setString(5, tenant.id().value());
    }

    /** The plan cannot be deleted until the transaction ends. */
    private static void refuseUnknown(Connection connection, PlanId plan) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement("select from plan where id = ? for key share")) {
            query.setString(1, plan.value());
            try (ResultSet rows = query.executeQuery()) {
                if (!rows.next()) {
                    throw new UnknownPlanException(plan);
                }
            }
        }
    }

    private static Tenant tenant(ResultSet row) throws SQLException {
        Settings own = StoredSettings.read(row.getString("own"));
        return new Tenant(
                new TenantId(row.getString("id")),
                row.getString("name"),
                TenantStatus.valueOf(row.getString("status").toUpperCase(Locale.ROOT)),
                new PlanId(row.getString("plan")),
                own,
                own.over(StoredSettings.read(row.getString("plans"))).over(Settings.STANDARD),
                row.getObject("tokens_valid_from", OffsetDateTime.class).toInstant());
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
