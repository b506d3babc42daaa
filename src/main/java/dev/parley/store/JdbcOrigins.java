package dev.parley.store;

import dev.parley.administration.TenantOrigins;
import dev.parley.domain.TenantId;
import dev.parley.tenancy.Origin;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The origins of tenants in Postgres. Blocks. Thread-safe. */
public final class JdbcOrigins implements TenantOrigins {
    private final Database database;

    public JdbcOrigins(Database database) {
        this.database = database;
    }

    /** Of all tenants that have a list. */
    public Map<TenantId, Set<String>> read() {
        return database.withConnection("read the tenants' origins", connection -> {
            try (PreparedStatement query = connection.prepareStatement("select tenant_id, origin from tenant_origin");
                    ResultSet rows = query.executeQuery()) {
                Map<TenantId, Set<String>> origins = new HashMap<>();
                while (rows.next()) {
                    origins.computeIfAbsent(new TenantId(rows.getString("tenant_id")), _ -> new TreeSet<>())
                            .add(rows.getString("origin"));
                }
                return origins;
            }
        });
    }

    @Override
    public Set<String> of(TenantId tenant) {
        return read().getOrDefault(tenant, Set.of());
    }

    @Override
    public boolean add(TenantId tenant, Origin origin) {
        return change(
                "insert into tenant_origin (tenant_id, origin) values (?, ?) on conflict do nothing",
                tenant,
                origin.value());
    }

    @Override
    public boolean remove(TenantId tenant, String origin) {
        return change("delete from tenant_origin where tenant_id = ? and origin = ?", tenant, origin);
    }

    private boolean change(String sql, TenantId tenant, String origin) {
        return database.inTransaction("change a tenant's origins", connection -> {
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                statement.setString(1, tenant.value());
                statement.setString(2, origin);
                return statement.executeUpdate() == 1;
            }
        });
    }
}
