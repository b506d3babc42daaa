package dev.parley.store;

import dev.parley.config.DatabaseConfig;
import dev.parley.config.Secret;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A fresh, migrated Postgres database for one test class: {@code static final TestDatabase DB = TestDatabase.create()},
 * closed in {@code @AfterAll}. The first call in a JVM starts an embedded server (about two seconds; without fsync) and
 * migrates a template; every further database is a copy of it (tens of milliseconds). The server stops with the JVM.
 */
public final class TestDatabase implements AutoCloseable {
    private static final AtomicInteger SEQUENCE = new AtomicInteger();
    private static final String PREFIX = "parley-test-db";
    private static final Duration LEFTOVER_AGE = Duration.ofMinutes(30);
    private static final Path BINARIES = Path.of("target", "postgres");
    private static @Nullable EmbeddedPostgres server;

    private final EmbeddedPostgres postgres;
    private final DatabaseConfig config;
    private final DatabaseServer databaseServer;
    private final Database database;
    private final String name;

    private TestDatabase(EmbeddedPostgres postgres, String name) {
        this.postgres = postgres;
        this.name = name;
        this.config = configOf(postgres, name, 8);
        this.databaseServer = DatabaseServer.open(config, DatabaseServer.Role.COMMAND, _ -> {});
        this.database = Database.open(databaseServer, config);
    }

    public static TestDatabase create() {
        EmbeddedPostgres postgres = postgresServer();
        String name = "test_" + SEQUENCE.incrementAndGet();
        admin(postgres, "create database " + name + " template " + EmbeddedPostgres.DATABASE + " strategy file_copy");
        return new TestDatabase(postgres, name);
    }

    /** The pool on this database; closed with it. */
    public Database database() {
        return database;
    }

    /** A configuration that names this database as an external one, for whole brokers and for commands. */
    public DatabaseConfig config() {
        return config;
    }

    public DatabaseServer server() {
        return databaseServer;
    }

    /** {@code postgresql://user:password@host:port/name}, as in {@code PARLEY_DATABASE_URL}. */
    public String url() {
        String credentials = EmbeddedPostgres.USER + ":" + postgres.password() + "@";
        return postgres.serverUrl(name).replace("jdbc:postgresql://", "postgresql://" + credentials);
    }

    /** Runs statements, as a person with psql would. */
    public void execute(String sql) {
        database.withConnection("execute test SQL", connection -> {
            try (Statement statement = connection.createStatement()) {
                return statement.execute(sql);
            }
        });
    }

    /** The first column of the first row. */
    public String query(String sql) {
        return database.withConnection("query test SQL", connection -> {
            try (Statement statement = connection.createStatement();
                    var rows = statement.executeQuery(sql)) {
                if (!rows.next()) {
                    throw new AssertionError("no row: " + sql);
                }
                return String.valueOf(rows.getString(1));
            }
        });
    }

    @Override
    public void close() {
        database.close();
        databaseServer.close();
        admin(postgres, "drop database if exists " + name + " with (force)");
    }

    private static synchronized EmbeddedPostgres postgresServer() {
        EmbeddedPostgres running = server;
        if (running == null) {
            running = start();
            server = running;
        }
        return running;
    }

    private static EmbeddedPostgres start() {
        try {
            Path folder = Files.createTempDirectory(PREFIX);
            endLeftovers(folder);
            EmbeddedPostgres started = EmbeddedPostgres.open(folder, BINARIES.toAbsolutePath(), false, false, _ -> {});
            Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> stop(started, folder)));
            Migrations.apply(DatabaseServer.of(started, DatabaseServer.Role.COMMAND), _ -> {});
            return started;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Servers of test JVMs that were killed before their shutdown hook ran. */
    private static void endLeftovers(Path own) throws IOException {
        Instant old = Instant.now().minus(LEFTOVER_AGE);
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(own.getParent(), PREFIX + "*")) {
            for (Path folder : folders) {
                Path postgres = folder.resolve("postgres");
                if (Files.getLastModifiedTime(folder).toInstant().isBefore(old)
                        && Files.isDirectory(postgres.resolve("members"))
                        && new DataFolderMembers(postgres.resolve("members"))
                                .living(false)
                                .isEmpty()) {
                    EmbeddedPostgres.open(folder, BINARIES.toAbsolutePath(), false, false, _ -> {})
                            .close();
                    PostgresBinaries.deleteTree(folder);
                }
            }
        }
    }

    private static void stop(EmbeddedPostgres started, Path folder) {
        started.close();
        try {
            PostgresBinaries.deleteTree(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static DatabaseConfig configOf(EmbeddedPostgres postgres, String name, int poolSize) {
        return new DatabaseConfig(
                postgres.serverUrl(name),
                EmbeddedPostgres.USER,
                new Secret(postgres.password()),
                Path.of("target", "unused"),
                poolSize,
                Duration.ofSeconds(2));
    }

    private static void admin(EmbeddedPostgres postgres, String sql) {
        try (Connection connection = DriverManager.getConnection(
                        postgres.serverUrl("postgres"), EmbeddedPostgres.USER, postgres.password());
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw StoreException.of("prepare a test database", e);
        }
    }
}
