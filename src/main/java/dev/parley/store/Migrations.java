package dev.parley.store;

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
            throw new StoreException(
                    StoreException.Kind.SETUP,
                    "the database schema cannot be brought up to date: " + e.getMessage(),
                    e);
        }
    }

    /** How many files still wait to be applied. */
    public static int pending(DatabaseServer server) {
        try {
            return flyway(server).info().pending().length;
        } catch (FlywayException e) {
            throw new StoreException(
                    StoreException.Kind.SETUP, "the database schema cannot be read: " + e.getMessage(), e);
        }
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
