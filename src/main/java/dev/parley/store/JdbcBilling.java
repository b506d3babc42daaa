package dev.parley.store;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The sealed ledger, as billing jobs read it. Blocks. Thread-safe. */
public final class JdbcBilling {
    private static final Duration PATIENCE = Duration.ofHours(1);

    private final Database database;

    public JdbcBilling(Database database) {
        this.database = database;
    }

    /**
     * Every way in which the ledger does not agree with its seals, its closed periods, the budgets or the rollups; empty
     * when all is well. Reads the whole ledger.
     */
    public List<String> problems() {
        return database.patiently("verify the ledger", PATIENCE, connection -> {
            try (PreparedStatement query = connection.prepareStatement("""
                            select problem from verify_ledger()
                            union all select problem from verify_periods()
                            union all select problem from verify_rollups()
                            """);
                    ResultSet rows = query.executeQuery()) {
                List<String> problems = new ArrayList<>();
                while (rows.next()) {
                    problems.add(rows.getString(1));
                }
                return problems;
            }
        });
    }

    /** The number of the last seal; 0 if there is none. */
    public long lastSeal() {
        return database.withConnection("read the seals", connection -> {
            try (PreparedStatement query =
                            connection.prepareStatement("select coalesce(max(seal_no), 0) from billing.seal");
                    ResultSet row = query.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        });
    }

    /** The chain of a seal, in hex: it stands for every entry up to there. Empty if there is no such seal. */
    public Optional<String> chain(long seal) {
        return database.withConnection("read a seal", connection -> {
            try (PreparedStatement query =
                    connection.prepareStatement("select chain from billing.seal where seal_no = ?")) {
                query.setLong(1, seal);
                try (ResultSet rows = query.executeQuery()) {
                    return rows.next() ? Optional.of(rows.getString(1)) : Optional.<String>empty();
                }
            }
        });
    }

    /** Hands out the entries of one seal, by column; in no order. */
    public void usage(long seal, Consumer<Map<String, @Nullable Object>> entry) {
        database.withConnection("read a seal's usage", connection -> {
            try (PreparedStatement query =
                    connection.prepareStatement("select * from billing.usage where seal_no = ?")) {
                query.setLong(1, seal);
                try (ResultSet rows = query.executeQuery()) {
                    int number = 0;
                    while (rows.next()) {
                        entry.accept(row(rows));
                        number++;
                    }
                    return number;
                }
            }
        });
    }

    private static Map<String, @Nullable Object> row(ResultSet rows) throws SQLException {
        ResultSetMetaData columns = rows.getMetaData();
        Map<String, @Nullable Object> row = new LinkedHashMap<>();
        for (int i = 1; i <= columns.getColumnCount(); i++) {
            boolean time = columns.getColumnTypeName(i).equals("timestamptz");
            Object value = time ? instant(rows.getObject(i, OffsetDateTime.class)) : rows.getObject(i);
            row.put(columns.getColumnName(i), value);
        }
        return row;
    }

    private static @Nullable Object instant(@Nullable OffsetDateTime time) {
        return time == null ? null : time.toInstant();
    }
}
