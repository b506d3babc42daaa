package dev.parley.store;

import dev.parley.config.DatabaseConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A whole embedded server of its own, as durable as in production, that a test can freeze, stop and start: for tests of
 * outages. Everybody else takes {@link TestDatabase}.
 */
public final class TestServer implements AutoCloseable {
    private static final Path BINARIES = Path.of("target", "postgres").toAbsolutePath();

    private final EmbeddedPostgres embedded;
    private final DatabaseServer server;
    private final Database database;
    private final PostgresCluster cluster;

    private TestServer(DatabaseConfig config, EmbeddedPostgres embedded, PostgresCluster cluster) {
        this.embedded = embedded;
        this.cluster = cluster;
        this.server = DatabaseServer.of(embedded, DatabaseServer.Role.COMMAND);
        Migrations.apply(server, _ -> {});
        this.database = Database.open(server, config);
    }

    /** Starts a server with its data under {@code dataDir}, migrated. A broker on the same data folder joins it. */
    public static TestServer start(Path dataDir) {
        try {
            DatabaseConfig config = new DatabaseConfig(null, null, null, dataDir, 4, Duration.ofSeconds(2));
            EmbeddedPostgres embedded = EmbeddedPostgres.open(dataDir, BINARIES, false, true, _ -> {});
            PostgresCluster cluster = PostgresCluster.prepare(
                    PostgresBinaries.unpackInto(BINARIES, _ -> {}),
                    dataDir.toAbsolutePath().normalize().resolve("postgres").resolve("cluster"),
                    true);
            return new TestServer(config, embedded, cluster);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A pool of the test's own on this server. */
    public Database database() {
        return database;
    }

    /** {@code postgresql://user:password@host:port/name}, as in {@code PARLEY_DATABASE_URL}. */
    public String url() {
        String credentials = EmbeddedPostgres.USER + ":" + embedded.password() + "@";
        return embedded.jdbcUrl().replace("jdbc:postgresql://", "postgresql://" + credentials);
    }

    /** Stops every process of the server in its tracks: connections stay open and nothing answers. */
    public void freeze() {
        signal("-STOP");
    }

    public void thaw() {
        signal("-CONT");
    }

    /** A real stop: connections are ended, nothing listens. */
    public void stop() {
        try {
            cluster.stop();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts it again on the port that it had. */
    public void startAgain() {
        try {
            String url = embedded.jdbcUrl();
            cluster.start(Integer.parseInt(url.substring(url.lastIndexOf(':') + 1, url.lastIndexOf('/'))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        database.close();
        embedded.close();
    }

    private void signal(String name) {
        try {
            ProcessHandle postmaster = ProcessHandle.of(cluster.runningPid()).orElseThrow();
            List<String> command = new ArrayList<>(List.of("kill", name, Long.toString(postmaster.pid())));
            postmaster.children().forEach(child -> command.add(Long.toString(child.pid())));
            if (!new ProcessBuilder(command).inheritIO().start().waitFor(10, TimeUnit.SECONDS)) {
                throw new AssertionError("kill did not end");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
