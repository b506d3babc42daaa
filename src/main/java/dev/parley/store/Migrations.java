package dev.parley.store;

import java.sql.SQLException;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;

/** Brings a database's schema up to date from the {@code migrations} folder of the class path. Blocks. */
public final class Migrations {
    private static final String HISTORY_TABLE = "schema_history";

    private Migrations() {}

    /**
     * Applies what is missing, in order, each file in its own transaction. Several processes may do so at once: one
     * works, the others wait.
     *
     * @return how many were applied
     * @throws StoreException with the file and the reason, when one fails or an applied file has changed
     */
    public static int apply(DatabaseServer server, Progress progress) {
        try {
            Flyway flyway = flyway(server);
            MigrationInfo[] pending = flyway.info().pending();
            if (pending.length > 0) {
                progress.report("bringing the database schema to version " + pending[pending.length - 1].getVersion()
                        + " (" + pending.length + " to apply)");
            }
            return flyway.migrate().migrationsExecuted;
        } catch (FlywayException e) {
            throw failed("the database schema cannot be brought up to date", server, e);
        }
    }

    /** How many files still wait to be applied. */
    public static int pending(DatabaseServer server) {
        try {
            return flyway(server).info().pending().length;
        } catch (FlywayException e) {
            throw failed("the database schema cannot be read", server, e);
        }
    }

    /** In one line where Postgres cannot be reached; the library's own text has ten, and no address. */
    private static StoreException failed(String what, DatabaseServer server, FlywayException failure) {
        for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql && isConnection(sql)) {
                return StoreException.noConnection(server.jdbcUrl(), sql);
            }
        }
        return new StoreException(StoreException.Kind.SETUP, what + ": " + failure.getMessage(), failure);
    }

    /** SQLSTATE class 08: no connection; 28: no such user or wrong password; 3D: no such database. */
    private static boolean isConnection(SQLException failure) {
        String state = String.valueOf(failure.getSQLState());
        return state.startsWith("08") || state.startsWith("28") || state.startsWith("3D");
    }

    private static Flyway flyway(DatabaseServer server) {
        return Flyway.configure(Migrations.class.getClassLoader())
                .dataSource(
                        server.jdbcUrl(),
                        server.user(),
                        server.password() == null ? null : server.password().reveal())
                .locations("classpath:migrations")
                .failOnMissingLocations(true)
                .validateMigrationNaming(true)
                .table(HISTORY_TABLE)
                .load();
    }
}
