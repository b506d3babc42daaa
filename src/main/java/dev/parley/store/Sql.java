package dev.parley.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Statements with their values bound in order; arrays of text are passed as {@code String[]}. */
final class Sql {
    private Sql() {}

    /** Makes a value of the row that the cursor is on. */
    interface Read<T> {
        T of(ResultSet row) throws SQLException;
    }

    static <T> List<T> query(Connection connection, String sql, Read<T> read, @Nullable Object... values)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            bind(connection, statement, values);
            try (ResultSet rows = statement.executeQuery()) {
                List<T> all = new ArrayList<>();
                while (rows.next()) {
                    all.add(read.of(rows));
                }
                return all;
            }
        }
    }

    static int update(Connection connection, String sql, @Nullable Object... values) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            bind(connection, statement, values);
            return statement.executeUpdate();
        }
    }

    /** The generation of a row, which nobody else changes until the transaction ends. */
    static Optional<Long> generation(Connection connection, String table, String key, String value)
            throws SQLException {
        return query(
                        connection,
                        "select generation from " + table + " where " + key + " = ? for update",
                        row -> row.getLong("generation"),
                        value)
                .stream()
                .findFirst();
    }

    static @Nullable Instant instantOrNull(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    private static void bind(Connection connection, PreparedStatement statement, @Nullable Object... values)
            throws SQLException {
        for (int i = 0; i < values.length; i++) {
            Object value = values[i] instanceof String[] texts ? connection.createArrayOf("text", texts) : values[i];
            statement.setObject(i + 1, value);
        }
    }
}
