package dev.parley.store;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A share in the Postgres server of one data folder. The first user starts the server, or adopts one that a killed
 * process left behind; the last one out stops it. At most one of the users is a broker. Every commit is on disk before
 * it counts (fsync and synchronous_commit on). The server listens on loopback only, on a port of its own, and asks
 * everybody for a password that only this folder's owner can read. Blocks; not for event loops.
 *
 * <pre>
 * dataDir/postgres/cluster    the data
 *                 /password   of the role "parley", 0600
 *                 /port       the port to try first
 *                 /members/   who uses the server now
 * </pre>
 */
final class EmbeddedPostgres implements AutoCloseable {
    static final String USER = "parley";
    static final String DATABASE = "parley";
    private static final Logger LOGGER = LoggerFactory.getLogger(EmbeddedPostgres.class);

    private final Path folder;
    private final Path member;
    private final @Nullable FileChannel brokerLock;
    private final PostgresCluster cluster;
    private final int port;
    private final String password;
    private boolean closed;

    private EmbeddedPostgres(
            Path folder,
            Path member,
            @Nullable FileChannel brokerLock,
            PostgresCluster cluster,
            int port,
            String password) {
        this.folder = folder;
        this.member = member;
        this.brokerLock = brokerLock;
        this.cluster = cluster;
        this.port = port;
        this.password = password;
    }

    /**
     * Joins the server of {@code dataDir}, starting it if nobody has.
     *
     * @param broker whether the caller is the broker: there can be only one
     * @param durable false only in tests, where a crash of the machine may cost the data
     * @throws StoreException saying what to do, when the server cannot be had
     */
    static EmbeddedPostgres open(Path dataDir, Path binaries, boolean broker, boolean durable, Progress progress) {
        Path folder = dataDir.toAbsolutePath().normalize().resolve("postgres");
        try {
            Files.createDirectories(folder);
            try (DataFolderLock _ = DataFolderLock.acquire(folder.resolve("lock"))) {
                return openLocked(folder, binaries, broker, durable, progress);
            }
        } catch (IOException e) {
            throw new StoreException(StoreException.Kind.SETUP, explain(folder, e), e);
        }
    }

    private static EmbeddedPostgres openLocked(
            Path folder, Path binaries, boolean broker, boolean durable, Progress progress) throws IOException {
        DataFolderMembers members = new DataFolderMembers(folder.resolve("members"));
        FileChannel brokerLock = broker ? claimForBroker(folder, members) : null;
        Path member = null;
        try {
            boolean alone = members.living(false).isEmpty();
            member = members.join(broker);
            Path home = PostgresBinaries.unpackInto(binaries, progress);
            PostgresCluster cluster = PostgresCluster.prepare(home, folder.resolve("cluster"), durable);
            String password = cluster.exists() ? readPassword(folder) : create(cluster, folder, progress);
            int port = cluster.runningPort();
            if (port == 0) {
                port = start(cluster, folder, progress);
            } else if (alone) {
                LOGGER.atInfo()
                        .addKeyValue("port", port)
                        .log("adopted the Postgres server that a killed process left behind");
            }
            EmbeddedPostgres share = new EmbeddedPostgres(folder, member, brokerLock, cluster, port, password);
            PostgresSetup.ensureDatabase(share.serverUrl("postgres"), USER, password, broker);
            return share;
        } catch (IOException | RuntimeException e) {
            if (member != null) {
                members.leave(member);
            }
            if (brokerLock != null) {
                brokerLock.close();
            }
            throw e;
        }
    }

    String jdbcUrl() {
        return serverUrl(DATABASE);
    }

    String serverUrl(String database) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
    }

    String password() {
        return password;
    }

    /** The process of the server, for tests that stop or kill it. */
    long serverPid() throws IOException {
        return cluster.runningPid();
    }

    /** What the kernel does when the broker's process dies; for tests of that. */
    void releaseBrokerLock() throws IOException {
        if (brokerLock != null) {
            brokerLock.close();
        }
    }

    /** Leaves; stops the server if nobody else uses it. Idempotent. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        try (DataFolderLock _ = DataFolderLock.acquire(folder.resolve("lock"))) {
            DataFolderMembers members = new DataFolderMembers(folder.resolve("members"));
            members.leave(member);
            if (members.living(false).isEmpty()) {
                cluster.stop();
            }
            releaseBrokerLock();
        } catch (IOException e) {
            LOGGER.atWarn()
                    .setCause(e)
                    .log("the embedded Postgres server did not stop cleanly; the next start takes care of it");
        }
    }

    /** The members know this machine's processes; the kernel's lock also keeps out those of another container. */
    private static FileChannel claimForBroker(Path folder, DataFolderMembers members) throws IOException {
        List<Long> brokers = members.living(true);
        if (!brokers.isEmpty()) {
            throw inUse(folder, "process " + brokers.getFirst());
        }
        FileChannel channel =
                FileChannel.open(folder.resolve("broker.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock();
        if (lock == null) {
            channel.close();
            throw inUse(folder, "a process of another container");
        }
        return channel;
    }

    private static StoreException inUse(Path folder, String who) {
        return new StoreException(
                StoreException.Kind.SETUP,
                "another broker (" + who + ") uses the data folder " + folder.getParent()
                        + ": stop it, or give this one another PARLEY_DATA_DIR",
                null);
    }

    private static String create(PostgresCluster cluster, Path folder, Progress progress) throws IOException {
        progress.report("preparing Postgres in " + folder + " (first start, some seconds)");
        byte[] bits = new byte[24];
        new SecureRandom().nextBytes(bits);
        String password = Base64.getUrlEncoder().withoutPadding().encodeToString(bits);
        Path file = folder.resolve("password");
        Files.deleteIfExists(file);
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, password);
        cluster.create(USER, password);
        return password;
    }

    private static String readPassword(Path folder) throws IOException {
        Path file = folder.resolve("password");
        if (!Files.exists(file)) {
            throw new IOException("the file " + file + " with the database's password is missing");
        }
        return Files.readString(file).strip();
    }

    private static int start(PostgresCluster cluster, Path folder, Progress progress) throws IOException {
        Path file = folder.resolve("port");
        int port = Files.exists(file) ? Integer.parseInt(Files.readString(file).strip()) : 0;
        if (port == 0 || !isFree(port)) {
            port = freePort();
            Files.writeString(file, Integer.toString(port));
        }
        progress.report("starting Postgres on 127.0.0.1:" + port);
        cluster.start(port);
        return port;
    }

    private static boolean isFree(int port) {
        try (ServerSocket _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static String explain(Path folder, IOException e) {
        String reason = e.getMessage() == null ? e.toString() : e.getMessage();
        String advice;
        if (e instanceof java.nio.file.AccessDeniedException
                || reason.contains("Permission denied")
                || reason.contains("wrong ownership")) {
            advice = " (this user may not write there, perhaps because the folder was made by another one: give it to '"
                    + System.getProperty("user.name") + "', or set PARLEY_DATA_DIR)";
        } else if (reason.contains("No space left")) {
            advice = " (the disk is full)";
        } else {
            advice = "";
        }
        return "the embedded Postgres in " + folder + " cannot be used: " + reason + advice;
    }
}
