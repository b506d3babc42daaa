package dev.parley.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.pool.HikariPool;
import dev.parley.config.DatabaseConfig;
import dev.parley.domain.TenantId;
import io.vertx.core.Context;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Properties;

/**
 * A fixed pool of connections. Thread-safe; every call blocks and refuses to run on an event loop. A statement, a
 * transaction left open, and a Postgres that stopped answering all have a deadline, see the constants.
 */
public final class Database implements AutoCloseable {
    /** Postgres ends a statement that takes longer. */
    static final Duration STATEMENT_TIMEOUT = Duration.ofSeconds(5);
    /** Postgres ends a transaction that does nothing for so long: an open one would hold the ledger's seals back. */
    static final Duration IDLE_IN_TRANSACTION_TIMEOUT = Duration.ofSeconds(5);
    /** A socket that is silent for longer than any statement may take belongs to a Postgres that is gone. */
    static final Duration SOCKET_TIMEOUT = Duration.ofSeconds(7);

    private static final Duration VALIDATION_TIMEOUT = Duration.ofSeconds(1);
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration LIFETIME_MAX = Duration.ofMinutes(30);

    private final HikariDataSource pool;
    /** The connection of the transaction that runs on this thread: what is called inside takes part in it. */
    private final ScopedValue<Connection> running = ScopedValue.newInstance();

    private Database(HikariDataSource pool) {
        this.pool = pool;
    }

    /**
     * Opens the pool.
     *
     * @throws StoreException when no connection can be made now
     */
    public static Database open(DatabaseServer server, DatabaseConfig config) {
        HikariConfig hikari = new HikariConfig();
        hikari.setPoolName("parley");
        hikari.setJdbcUrl(server.jdbcUrl());
        hikari.setUsername(server.user());
        hikari.setPassword(server.password() == null ? null : server.password().reveal());
        hikari.setMaximumPoolSize(config.poolSize());
        hikari.setMinimumIdle(config.poolSize());
        hikari.setConnectionTimeout(config.acquireTimeout().toMillis());
        hikari.setValidationTimeout(
                Math.min(VALIDATION_TIMEOUT.toMillis(), config.acquireTimeout().toMillis()));
        hikari.setInitializationFailTimeout(Math.max(1, config.acquireTimeout().toMillis()));
        hikari.setMaxLifetime(LIFETIME_MAX.toMillis());
        hikari.setDataSourceProperties(properties(server.role()));
        try {
            return new Database(new HikariDataSource(hikari));
        } catch (HikariPool.PoolInitializationException e) {
            throw unreachable(server, e);
        }
    }

    /** A connection outside of every pool, for who waits on it. The caller closes it. */
    static Connection dedicated(DatabaseServer server) throws SQLException {
        Properties properties = properties(server.role());
        if (server.user() != null) {
            properties.setProperty("user", server.user());
        }
        if (server.password() != null) {
            properties.setProperty("password", server.password().reveal());
        }
        return DriverManager.getConnection(server.jdbcUrl(), properties);
    }

    /** Runs {@code work} on one connection; each statement is a transaction of its own, unless one runs around it. */
    public <T> T withConnection(String doing, Work<T> work) {
        refuseOnEventLoop();
        if (running.isBound()) {
            return join(doing, work);
        }
        try (Connection connection = pool.getConnection()) {
            return work.on(connection);
        } catch (SQLException e) {
            throw StoreException.of(doing, e);
        }
    }

    /**
     * Runs {@code work} in one transaction, committed when it returns and rolled back when it throws. When the commit
     * itself fails, nobody knows whether it happened: retry only what may be done twice. Inside of a transaction of the
     * same database on the same thread it is a part of that one.
     *
     * @param doing for the error message, such as "write usage entries"
     */
    public <T> T inTransaction(String doing, Work<T> work) {
        refuseOnEventLoop();
        if (running.isBound()) {
            return join(doing, work);
        }
        try (Connection connection = pool.getConnection()) {
            connection.setAutoCommit(false);
            try {
                T result = ScopedValue.where(running, connection).call(() -> work.on(connection));
                connection.commit();
                return result;
            } catch (SQLException | RuntimeException e) {
                rollBack(connection, e);
                throw e;
            }
        } catch (SQLException e) {
            throw StoreException.of(doing, e);
        }
    }

    /**
     * Runs {@code work} as the role of the tenant plane, for which Postgres hides the rows of all other tenants. Never inside
     * of another transaction, which would go on as that role.
     */
    public <T> T asTenant(String doing, TenantId tenant, Work<T> work) {
        if (running.isBound()) {
            throw new IllegalStateException("'" + doing + "' would leave its transaction in the role of a tenant");
        }
        return inTransaction(doing, connection -> {
            try (PreparedStatement act = connection.prepareStatement("select act_for_tenant(?)")) {
                act.setString(1, tenant.value());
                act.execute();
            }
            return work.on(connection);
        });
    }

    /**
     * Runs {@code work} in one transaction whose statements may take as long as {@code patience}: for an operator who waits.
     * It should only read, or it holds the ledger's seals back for so long.
     */
    public <T> T patiently(String doing, Duration patience, Work<T> work) {
        int millis = Math.toIntExact(patience.toMillis());
        return inTransaction(doing, connection -> {
            connection.setNetworkTimeout(Runnable::run, millis); // the pool sets it back
            try (Statement statement = connection.createStatement()) {
                statement.execute("set local statement_timeout = " + millis);
            }
            return work.on(connection);
        });
    }

    private <T> T join(String doing, Work<T> work) {
        try {
            return work.on(running.get());
        } catch (SQLException e) {
            throw StoreException.of(doing, e);
        }
    }

    /** Connections in use now; for statistics. */
    public int connectionsInUse() {
        return pool.getHikariPoolMXBean().getActiveConnections();
    }

    /** Callers that wait for a connection now; for statistics. */
    public int callersWaiting() {
        return pool.getHikariPoolMXBean().getThreadsAwaitingConnection();
    }

    @Override
    public void close() {
        pool.close();
    }

    /** Something to do with a connection. */
    @FunctionalInterface
    public interface Work<T> {
        T on(Connection connection) throws SQLException;
    }

    private static Properties properties(DatabaseServer.Role role) {
        Properties properties = new Properties();
        properties.setProperty("ApplicationName", role.applicationName());
        properties.setProperty("connectTimeout", Long.toString(CONNECT_TIMEOUT.toSeconds()));
        properties.setProperty("loginTimeout", Long.toString(CONNECT_TIMEOUT.toSeconds()));
        properties.setProperty("socketTimeout", Long.toString(SOCKET_TIMEOUT.toSeconds()));
        properties.setProperty("tcpKeepAlive", "true");
        properties.setProperty("reWriteBatchedInserts", "true");
        properties.setProperty("logServerErrorDetail", "false"); // it quotes values of rows
        properties.setProperty(
                "options",
                "-c statement_timeout=" + STATEMENT_TIMEOUT.toMillis() + " -c idle_in_transaction_session_timeout="
                        + IDLE_IN_TRANSACTION_TIMEOUT.toMillis());
        return properties;
    }

    private static void rollBack(Connection connection, Exception reason) {
        try {
            connection.rollback();
        } catch (SQLException e) {
            reason.addSuppressed(e);
        }
    }

    private static void refuseOnEventLoop() {
        if (Context.isOnEventLoopThread()) {
            throw new IllegalStateException("the database must not be asked on an event loop: use concurrent.Blocking");
        }
    }

    private static StoreException unreachable(DatabaseServer server, Exception e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        StoreException.Kind kind =
                cause instanceof SQLException sql ? StoreException.kindOf(sql) : StoreException.Kind.SETUP;
        return new StoreException(kind, "no connection to " + server.jdbcUrl() + ": " + cause.getMessage(), cause);
    }
}
