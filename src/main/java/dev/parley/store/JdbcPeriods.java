package dev.parley.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** The ledger's periods and their close. Blocks; throws {@link StoreException}. Thread-safe. */
public final class JdbcPeriods {
    private final Database database;

    public JdbcPeriods(Database database) {
        this.database = database;
    }

    /** Why the period cannot be closed now, a sentence each; empty when it can, or is closed already. */
    public List<String> obstacles(int period) {
        return database.withConnection("look at period " + period, connection -> {
            try (PreparedStatement query = connection.prepareStatement("""
                    select obstacle from period_obstacles(?)
                    where not exists (select from ledger_period where period = ?)
                    """)) {
                query.setInt(1, period);
                query.setInt(2, period);
                try (ResultSet rows = query.executeQuery()) {
                    List<String> obstacles = new ArrayList<>();
                    while (rows.next()) {
                        obstacles.add(rows.getString(1));
                    }
                    return obstacles;
                }
            }
        });
    }

    /**
     * Closes the period for ever, or finds it closed; retryable when another transaction keeps some of it from being sealed,
     * or does not stop writing into it.
     */
    public ClosedPeriod close(int period) {
        return database.inTransaction("close period " + period, connection -> close(connection, period));
    }

    private static ClosedPeriod close(Connection connection, int period) throws SQLException {
        try (PreparedStatement call =
                connection.prepareStatement("select period, row_count, cost_nano, last_seal from close_period(?)")) {
            call.setInt(1, period);
            try (ResultSet row = call.executeQuery()) {
                row.next();
                return new ClosedPeriod(
                        row.getInt("period"),
                        row.getLong("row_count"),
                        row.getBigDecimal("cost_nano").longValueExact(),
                        row.getLong("last_seal"));
            }
        }
    }

    /**
     * A period that gets no more entries.
     *
     * @param rows how many it has
     * @param costNano what they sum to, in nano-dollars
     * @param lastSeal the seals up to this one hold all of it; 0 if it has no entries
     */
    public record ClosedPeriod(int period, long rows, long costNano, long lastSeal) {}
}
