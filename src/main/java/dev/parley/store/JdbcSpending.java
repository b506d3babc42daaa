package dev.parley.store;

import dev.parley.domain.NanoUsd;
import dev.parley.domain.TenantId;
import dev.parley.quota.BudgetWindow;
import dev.parley.quota.SpendingStore;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.ZoneOffset;

/** Sums of the ledger for budgets. Blocks. Thread-safe. */
public final class JdbcSpending implements SpendingStore {
    /** No response runs longer, so an older partition holds no entry of a window that starts now. */
    private static final Duration RESPONSE_MAX = Duration.ofDays(1);

    private final Database database;

    public JdbcSpending(Database database) {
        this.database = database;
    }

    @Override
    public NanoUsd spent(TenantId tenant, BudgetWindow window) {
        return database.withConnection(
                "sum the usage of tenant '" + tenant + "'", connection -> switch (window.period()) {
                    case HOUR, DAY -> sinceStart(connection, tenant, window);
                    case MONTH -> ofMonth(connection, tenant, window);
                    case TOTAL -> ofAllTime(connection, tenant);
                });
    }

    private static NanoUsd sinceStart(Connection connection, TenantId tenant, BudgetWindow window) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement("""
                select coalesce(sum(cost_nano), 0) as cost
                from usage_entry
                where tenant_id = ? and event_time >= ? and period >= ?
                """)) {
            query.setString(1, tenant.value());
            query.setObject(2, window.start().atOffset(ZoneOffset.UTC));
            query.setInt(3, BudgetWindow.ledgerPeriod(window.start().minus(RESPONSE_MAX)));
            return sum(query);
        }
    }

    private static NanoUsd ofMonth(Connection connection, TenantId tenant, BudgetWindow window) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement("""
                select coalesce(sum(cost_nano), 0) as cost from usage_entry where tenant_id = ? and period = ?
                """)) {
            query.setString(1, tenant.value());
            query.setInt(2, BudgetWindow.ledgerPeriod(window.start()));
            return sum(query);
        }
    }

    private static NanoUsd ofAllTime(Connection connection, TenantId tenant) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement("""
                select coalesce(sum(cost_nano), 0) as cost from usage_entry where tenant_id = ?
                """)) {
            query.setString(1, tenant.value());
            return sum(query);
        }
    }

    private static NanoUsd sum(PreparedStatement query) throws SQLException {
        try (ResultSet rows = query.executeQuery()) {
            rows.next();
            return new NanoUsd(rows.getBigDecimal("cost").longValueExact());
        }
    }
}
