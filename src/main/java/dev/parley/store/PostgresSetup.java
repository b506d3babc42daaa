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
     * @param broker ends the connections of an earlier broker first: it was killed, and what it was still writing must be
     *     in the ledger, or gone, before this one reads it
     */
    static void ensureDatabase(String serverUrl, String user, String password, boolean broker) {
        Properties properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("password", password);
        properties.setProperty("connectTimeout", "5");
        properties.setProperty("socketTimeout", "60");
        try (Connection connection = DriverManager.getConnection(serverUrl, properties)) {
            if (broker) {
                endBrokers(connection);
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

    private static void endBrokers(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("""
                    select pg_terminate_backend(pid, 10000)
                    from pg_stat_activity
                    where backend_type = 'client backend' and application_name = ? and pid <> pg_backend_pid()
                    """)) {
            statement.setString(1, DatabaseServer.Role.BROKER.applicationName());
            statement.execute();
        }
    }
}
