package dev.parley.store;

import dev.parley.tenancy.Plan;
import dev.parley.tenancy.PlanId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Plans in Postgres. Every call blocks, and throws {@link StoreException} when Postgres does not do it. Thread-safe. */
public final class JdbcPlans {
    private static final String SELECT = "select id, name, settings_of(null, id)::text as said from plan ";

    private final Database database;

    public JdbcPlans(Database database) {
        this.database = database;
    }

    public Optional<Plan> find(PlanId id) {
        return database.withConnection("read plan '" + id + "'", connection -> select(connection, id, ""));
    }

    /** All plans, by name. */
    public List<Plan> list() {
        return database.withConnection("list plans", connection -> {
            try (PreparedStatement query = connection.prepareStatement(SELECT + "order by id");
                    ResultSet rows = query.executeQuery()) {
                List<Plan> plans = new ArrayList<>();
                while (rows.next()) {
                    plans.add(plan(rows));
                }
                return plans;
            }
        });
    }

    /**
     * Makes a plan.
     *
     * @return false, with nothing changed, if there is one of this name already
     * @throws UnknownModelException if the allow-list names a model that is not in the catalogue
     */
    public boolean create(Plan plan) {
        return database.inTransaction("create plan '" + plan.id() + "'", connection -> {
            try (PreparedStatement insert =
                    connection.prepareStatement("insert into plan (id, name) values (?, ?) on conflict do nothing")) {
                insert.setString(1, plan.id().value());
                insert.setString(2, plan.name());
                if (insert.executeUpdate() == 0) {
                    return false;
                }
            }
            StoredSettings.ofPlan(plan.id()).write(connection, plan.settings());
            return true;
        });
    }

    /**
     * Changes a plan in one transaction; running nodes act on it, for each tenant of the plan, within a second.
     *
     * @return the new settings; empty if there is no such plan
     * @throws UnknownModelException if the allow-list names a model that is not in the catalogue
     */
    public Optional<Plan> change(PlanId id, UnaryOperator<Plan> change) {
        return database.inTransaction("change plan '" + id + "'", connection -> {
            takePlans(connection);
            Optional<Plan> old = select(connection, id, "for update");
            if (old.isEmpty()) {
                return old;
            }
            Plan changed = change.apply(old.get());
            try (PreparedStatement update = connection.prepareStatement(
                    "update plan set name = ?, generation = generation + 1, updated_at = now() where id = ?")) {
                update.setString(1, changed.name());
                update.setString(2, id.value());
                update.executeUpdate();
            }
            StoredSettings.ofPlan(id).write(connection, changed.settings());
            return select(connection, id, "");
        });
    }

    /** What became of a wish to delete. */
    public enum Deletion {
        DELETED,
        UNKNOWN,
        /** Tenants are on it. */
        IN_USE
    }

    /** Deletes a plan that no tenant is on. */
    public Deletion delete(PlanId id) {
        return database.inTransaction("delete plan '" + id + "'", connection -> {
            if (select(connection, id, "for update").isEmpty()) {
                return Deletion.UNKNOWN;
            }
            try (PreparedStatement delete = connection.prepareStatement(
                    "delete from plan where id = ? and not exists (select from tenant where plan = ?)")) {
                delete.setString(1, id.value());
                delete.setString(2, id.value());
                return delete.executeUpdate() == 1 ? Deletion.DELETED : Deletion.IN_USE;
            }
        });
    }

    /**
     * No plan changes until the transaction ends. Call before a tenant's row is locked: a change of a plan locks the plan and
     * then its tenants, so who locks a tenant and then its plan could wait in a circle with it.
     */
    static void keepPlans(Connection connection) throws SQLException {
        lock(connection, "select pg_advisory_xact_lock_shared(hashtext('plans'))");
    }

    /** Nobody else changes a plan, nor keeps the plans, until the transaction ends. Call before a plan's row is locked. */
    static void takePlans(Connection connection) throws SQLException {
        lock(connection, "select pg_advisory_xact_lock(hashtext('plans'))");
    }

    private static void lock(Connection connection, String sql) throws SQLException {
        try (PreparedStatement lock = connection.prepareStatement(sql)) {
            lock.execute();
        }
    }

    private static Optional<Plan> select(Connection connection, PlanId id, String lock) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(SELECT + "where id = ? " + lock)) {
            query.setString(1, id.value());
            try (ResultSet rows = query.executeQuery()) {
                return rows.next() ? Optional.of(plan(rows)) : Optional.empty();
            }
        }
    }

    private static Plan plan(ResultSet row) throws SQLException {
        return new Plan(
                new PlanId(row.getString("id")), row.getString("name"), StoredSettings.read(row.getString("said")));
    }
}
