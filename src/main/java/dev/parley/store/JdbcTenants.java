package dev.parley.store;

import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.TenantId;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.Tenant;
import dev.parley.tenancy.TenantStatus;
import dev.parley.tenancy.TenantStore;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Tenants in Postgres. Every call blocks, and throws {@link StoreException} when Postgres does not do it. Thread-safe. */
public final class JdbcTenants implements TenantStore {
    private static final String SELECT = """
            select id, name, status, sessions_max, budget_nano, budget_period, output_tokens_max,
                   session_length_max_seconds, close_on_exhausted, tokens_valid_from,
                   array(select model from tenant_model where tenant_id = id order by model) as models
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

    /** The mark is the oldest transaction that was still running: whatever was not visible then has a number from it on. */
    @Override
    public Changes changedSince(@Nullable Mark mark) {
        return database.withConnection("look for changed tenants", connection -> {
            try (PreparedStatement query = connection.prepareStatement("""
                    select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as mark, tenant.id
                    from (values (1)) as always
                    left join tenant on tenant.changed_xid >= ?::text::xid8
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
     */
    public boolean create(Tenant tenant) {
        return database.inTransaction("create tenant '" + tenant.id() + "'", connection -> {
            try (PreparedStatement insert = connection.prepareStatement("""
                    insert into tenant (name, status, sessions_max, budget_nano, budget_period, output_tokens_max,
                                        session_length_max_seconds, close_on_exhausted, tokens_valid_from, id)
                    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    on conflict do nothing
                    """)) {
                bind(insert, tenant);
                if (insert.executeUpdate() == 0) {
                    return false;
                }
            }
            writeModels(connection, tenant);
            return true;
        });
    }

    /**
     * Changes a tenant's settings in one transaction; running nodes act on it within some seconds.
     *
     * @param change from the settings now to the new ones; the id stays
     * @return the new settings; empty if there is no such tenant
     * @throws UnknownModelException if the allow-list names a model that is not in the catalogue
     */
    public Optional<Tenant> change(TenantId id, UnaryOperator<Tenant> change) {
        return database.inTransaction("change tenant '" + id + "'", connection -> {
            Optional<Tenant> old = select(connection, id, "for update");
            if (old.isEmpty()) {
                return old;
            }
            Tenant changed = change.apply(old.get());
            if (!changed.id().equals(id)) {
                throw new IllegalArgumentException("a tenant keeps its name");
            }
            try (PreparedStatement update = connection.prepareStatement("""
                    update tenant
                    set name = ?, status = ?, sessions_max = ?, budget_nano = ?, budget_period = ?,
                        output_tokens_max = ?, session_length_max_seconds = ?, close_on_exhausted = ?,
                        tokens_valid_from = ?, generation = generation + 1, updated_at = now()
                    where id = ?
                    """)) {
                bind(update, changed);
                update.executeUpdate();
            }
            writeModels(connection, changed);
            return Optional.of(changed);
        });
    }

    /** Ends the tenant's access; live sessions are closed within some seconds. False if there is no such tenant. */
    public boolean suspend(TenantId id) {
        return change(id, tenant -> withStatus(tenant, TenantStatus.SUSPENDED)).isPresent();
    }

    /** Gives a suspended tenant its access back. False if there is no such tenant. */
    public boolean resume(TenantId id) {
        return change(id, tenant -> withStatus(tenant, TenantStatus.ACTIVE)).isPresent();
    }

    private static Tenant withStatus(Tenant tenant, TenantStatus status) {
        return new Tenant(
                tenant.id(),
                tenant.name(),
                status,
                tenant.models(),
                tenant.sessionsMax(),
                tenant.budget(),
                tenant.budgetPeriod(),
                tenant.outputTokensMax(),
                tenant.sessionLengthMax(),
                tenant.closeOnExhausted(),
                tenant.tokensValidFrom());
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
        statement.setInt(3, tenant.sessionsMax());
        statement.setLong(4, tenant.budget().value());
        statement.setString(5, word(tenant.budgetPeriod()));
        statement.setInt(6, tenant.outputTokensMax());
        statement.setLong(7, tenant.sessionLengthMax().toSeconds());
        statement.setBoolean(8, tenant.closeOnExhausted());
        statement.setObject(9, tenant.tokensValidFrom().atOffset(ZoneOffset.UTC));
        statement.setString(10, tenant.id().value());
    }

    private static void writeModels(Connection connection, Tenant tenant) throws SQLException {
        String[] models = tenant.models().stream().map(ModelName::value).toArray(String[]::new);
        refuseUnknown(connection, models);
        try (PreparedStatement delete = connection.prepareStatement("delete from tenant_model where tenant_id = ?")) {
            delete.setString(1, tenant.id().value());
            delete.executeUpdate();
        }
        try (PreparedStatement insert =
                connection.prepareStatement("insert into tenant_model (tenant_id, model) select ?, unnest(?)")) {
            insert.setString(1, tenant.id().value());
            insert.setArray(2, connection.createArrayOf("text", models));
            insert.executeUpdate();
        }
    }

    private static void refuseUnknown(Connection connection, String[] models) throws SQLException {
        Set<String> unknown = new TreeSet<>(List.of(models));
        try (PreparedStatement query = connection.prepareStatement("select name from model where name = any (?)")) {
            query.setArray(1, connection.createArrayOf("text", models));
            try (ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    unknown.remove(rows.getString("name"));
                }
            }
        }
        if (!unknown.isEmpty()) {
            throw new UnknownModelException(unknown);
        }
    }

    private static Tenant tenant(ResultSet row) throws SQLException {
        return new Tenant(
                new TenantId(row.getString("id")),
                row.getString("name"),
                TenantStatus.valueOf(row.getString("status").toUpperCase(Locale.ROOT)),
                models(row.getArray("models")),
                row.getInt("sessions_max"),
                new NanoUsd(row.getLong("budget_nano")),
                BudgetPeriod.valueOf(row.getString("budget_period").toUpperCase(Locale.ROOT)),
                row.getInt("output_tokens_max"),
                Duration.ofSeconds(row.getLong("session_length_max_seconds")),
                row.getBoolean("close_on_exhausted"),
                row.getObject("tokens_valid_from", OffsetDateTime.class).toInstant());
    }

    private static Set<ModelName> models(Array array) throws SQLException {
        return Stream.of((String[]) array.getArray()).map(ModelName::new).collect(Collectors.toSet());
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /** An allow-list names models that are not in the catalogue. */
    public static final class UnknownModelException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        UnknownModelException(Set<String> models) {
            super("not in the catalogue of models: " + String.join(", ", models));
        }
    }
}
