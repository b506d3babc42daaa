package dev.parley.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** One cluster on disk and its server process, by way of initdb and pg_ctl. Called only under {@link DataFolderLock}. */
final class PostgresCluster {
    private static final Duration SETTLE = Duration.ofSeconds(60);
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final Path home;
    private final Path folder;
    private final boolean durable;
    private final PostgresCommands commands;

    private PostgresCluster(Path home, Path folder, boolean durable, PostgresCommands commands) {
        this.home = home;
        this.folder = folder;
        this.durable = durable;
        this.commands = commands;
    }

    static PostgresCluster prepare(Path home, Path folder, boolean durable) throws IOException {
        Files.createDirectories(folder);
        PostgresCluster cluster = new PostgresCluster(home, folder, durable, PostgresCommands.forFolder(home, folder));
        cluster.checkVersion();
        return cluster;
    }

    /** A cluster counts as made when initdb came to its end. */
    boolean exists() {
        return Files.exists(folder.resolve("parley.ready"));
    }

    void create(String user, String password) throws IOException {
        for (Path leftover : list()) {
            PostgresBinaries.deleteTree(leftover); // of a first start that was cut short
        }
        Path passwordFile = Files.createTempFile(folder.getParent(), "initial", null);
        Files.writeString(passwordFile, password);
        commands.handOver(passwordFile);
        List<String> initdb = new ArrayList<>(List.of(
                home.resolve("bin/initdb").toString(),
                "--pgdata=" + folder,
                "--username=" + user,
                "--pwfile=" + passwordFile,
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-instructions"));
        if (!durable) {
            initdb.add("--no-sync");
        }
        try {
            commands.run(initdb);
        } finally {
            Files.delete(passwordFile);
        }
        Files.writeString(folder.resolve("pg_hba.conf"), """
                # Written by Parley: loopback only, and everybody gives the password.
                host all all 127.0.0.1/32 scram-sha-256
                """);
        Files.createFile(folder.resolve("parley.ready"));
    }

    /** The port of the running server, or 0. One that is just starting or stopping is waited for. */
    int runningPort() throws IOException {
        long end = System.nanoTime() + SETTLE.toNanos();
        while (runningPid() != 0) {
            List<String> lines = pidFile();
            if (lines.size() >= 8 && lines.get(7).strip().equals("ready")) {
                return Integer.parseInt(lines.get(3).strip());
            }
            if (System.nanoTime() - end > 0) {
                throw new IOException("its server (process " + runningPid() + ") is neither ready nor gone after "
                        + SETTLE.toSeconds() + " s");
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
        return 0;
    }

    /** The process of the server, or 0 if there is none. */
    long runningPid() throws IOException {
        List<String> lines = pidFile();
        if (lines.isEmpty()) {
            return 0;
        }
        long pid = Long.parseLong(lines.getFirst().strip());
        boolean postgres = ProcessHandle.of(pid)
                .flatMap(process -> process.info().command())
                .filter(command -> command.endsWith("/postgres"))
                .isPresent();
        return postgres ? pid : 0;
    }

    void start(int port) throws IOException {
        List<String> settings = new ArrayList<>(List.of(
                "port=" + port,
                "listen_addresses=127.0.0.1",
                "unix_socket_directories=",
                "max_connections=100",
                "timezone=UTC",
                "logging_collector=on",
                "log_directory=log",
                "log_filename=postgres-%a.log",
                "log_truncate_on_rotation=on",
                "log_rotation_age=1d",
                "fsync=" + (durable ? "on" : "off"),
                "synchronous_commit=" + (durable ? "on" : "off"),
                "full_page_writes=" + (durable ? "on" : "off")));
        Path log = folder.resolve("start.log");
        Files.deleteIfExists(log);
        try {
            commands.run(List.of(
                    home.resolve("bin/pg_ctl").toString(),
                    "start",
                    "--wait",
                    "--timeout=60",
                    "--pgdata=" + folder,
                    "--log=" + log,
                    "--options=-c " + String.join(" -c ", settings)));
        } catch (IOException e) {
            String reason = Files.exists(log) ? PostgresCommands.lastLines(log) : e.getMessage();
            throw new IOException("the server did not start: " + reason + "; see " + folder.resolve("log"), e);
        }
    }

    void stop() throws IOException {
        if (runningPid() != 0) {
            commands.run(List.of(
                    home.resolve("bin/pg_ctl").toString(),
                    "stop",
                    "--wait",
                    "--timeout=30",
                    "--mode=fast",
                    "--pgdata=" + folder));
        }
    }

    private void checkVersion() throws IOException {
        Path file = folder.resolve("PG_VERSION");
        if (exists() && Files.exists(file)) {
            String version = Files.readString(file).strip();
            if (!version.equals(Integer.toString(PostgresBinaries.MAJOR_VERSION))) {
                throw new IOException("its data was written by Postgres " + version + ", this is Postgres "
                        + PostgresBinaries.MAJOR_VERSION
                        + ": dump and restore it, or set PARLEY_DATA_DIR to a new folder");
            }
        }
    }

    private List<String> pidFile() throws IOException {
        Path file = folder.resolve("postmaster.pid");
        return Files.exists(file) ? Files.readAllLines(file) : List.of();
    }

    private List<Path> list() throws IOException {
        try (var files = Files.list(folder)) {
            return files.toList();
        }
    }
}
