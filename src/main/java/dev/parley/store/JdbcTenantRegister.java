package dev.parley.store;

import dev.parley.administration.TenantRegister;
import dev.parley.domain.TenantId;
import dev.parley.tenancy.Tenant;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Tenants in Postgres, for who changes them on sight. Blocks. Thread-safe. */
public final class JdbcTenantRegister implements TenantRegister {
    private final Database database;
    private final JdbcTenants tenants;

    public JdbcTenantRegister(Database database) {
        this.database = database;
        this.tenants = new JdbcTenants(database);
    }

    @Override
    public Optional<Tenant> find(TenantId id) {
        return tenants.find(id);
    }

    @Override
    public boolean create(Tenant tenant) {
        try {
            return tenants.create(tenant);
        } catch (UnknownModelException | UnknownPlanException unknown) {
            throw new IllegalArgumentException(unknown.getMessage(), unknown);
        }
    }

    @Override
    public Outcome change(TenantId id, long generation, UnaryOperator<Tenant> change) {
        return database.inTransaction("change tenant '" + id + "'", connection -> {
            JdbcPlans.keepPlans(connection);
            Optional<Long> now = Sql.generation(connection, "tenant", "id", id.value());
            if (now.isEmpty()) {
                return Outcome.UNKNOWN;
            }
            if (now.get() != generation) {
                return Outcome.OUTDATED;
            }
            try {
                tenants.change(id, change);
            } catch (UnknownModelException | UnknownPlanException unknown) {
                throw new IllegalArgumentException(unknown.getMessage(), unknown);
            }
            return Outcome.CHANGED;
        });
    }
}
