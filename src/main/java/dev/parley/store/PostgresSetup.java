package dev.parley.store;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;

/** What an embedded server needs before it can be used. */
final class PostgresSetup {
    private PostgresSetup() {}

    /**
     * Makes the database if it is missing.
     *
     * @param alone ends all other connections first: they belong to killed processes, and what they still write must be
     *     in the ledger, or gone, before anybody reads it
     */
    static void ensureDatabase(String serverUrl, String user, String password, boolean alone) {
        Properties properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("password", password);
        properties.setProperty("connectTimeout", "5");
        properties.setProperty("socketTimeout", "60");
        try (Connection connection = DriverManager.getConnection(serverUrl, properties)) {
            if (alone) {
                endOthers(connection);
            }
            if (!databaseExists(connection)) {
                try (Statement statement = connection.createStatement()) {
                    statement.execute("create database " + EmbeddedPostgres.DATABASE);
                }
            }
        } catch (SQLException e) {
            throw StoreException.of("connect to the embedded Postgres", e);
        }
    }

    private static boolean databaseExists(Connection connection) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement("select 1 from pg_database where datname = ?")) {
            query.setString(1, EmbeddedPostgres.DATABASE);
            try (ResultSet rows = query.executeQuery()) {
                return rows.next();
            }
        }
    }

    private static void endOthers(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("""
                    select pg_terminate_backend(pid, 10000)
                    from pg_stat_activity
                    where backend_type = 'client backend' and pid <> pg_backend_pid()
                    """);
        }
    }
}
