package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.concurrent.Eventually;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedPostgresIT {
    private static final Path BINARIES = Path.of("target", "postgres").toAbsolutePath();

    @TempDir
    Path dataDir;

    private final List<String> progress = new ArrayList<>();
    private final List<EmbeddedPostgres> opened = new ArrayList<>();

    @BeforeEach
    void start() {
        open(true);
    }

    @AfterEach
    void stop() {
        opened.forEach(EmbeddedPostgres::close);
    }

    @Test
    void isDurableClosedToOthersAndSaysWhatItDoes() throws Exception {
        EmbeddedPostgres server = opened.getFirst();

        assertThat(progress).anyMatch(line -> line.contains("preparing Postgres"));
        assertThat(query(server, "show fsync")).isEqualTo("on");
        assertThat(query(server, "show synchronous_commit")).isEqualTo("on");
        assertThat(query(server, "show full_page_writes")).isEqualTo("on");
        assertThat(query(server, "show listen_addresses")).isEqualTo("127.0.0.1");
        assertThat(query(server, "show unix_socket_directories")).isEmpty();
        assertThat(query(server, "show password_encryption")).isEqualTo("scram-sha-256");
        assertThat(query(server, "select string_agg(distinct auth_method, ',') from pg_hba_file_rules"))
                .isEqualTo("scram-sha-256");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(dataDir.resolve("postgres/password"))))
                .isEqualTo("rw-------");
        assertThatThrownBy(() -> DriverManager.getConnection(server.jdbcUrl(), EmbeddedPostgres.USER, "guessed"))
                .isInstanceOf(SQLException.class);
    }

    @Test
    void keepsDataAndPortAcrossRestarts() throws Exception {
        EmbeddedPostgres first = opened.getFirst();
        execute(first, "create table kept (id int); insert into kept values (7)");
        first.close();
        progress.clear();

        EmbeddedPostgres second = open(true);

        assertThat(query(second, "select id from kept")).isEqualTo("7");
        assertThat(second.jdbcUrl()).isEqualTo(first.jdbcUrl());
        assertThat(progress).noneMatch(line -> line.contains("preparing"));
    }

    @Test
    void refusesASecondBroker() {
        assertThatThrownBy(() -> open(true))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining(
                        "another broker (process " + ProcessHandle.current().pid() + ")")
                .hasMessageContaining("PARLEY_DATA_DIR");
    }

    @Test
    void commandsShareTheServerAndTheLastOneOutStopsIt() throws Exception {
        EmbeddedPostgres broker = opened.getFirst();
        EmbeddedPostgres command = open(false);
        EmbeddedPostgres other = open(false);
        assertThat(command.serverPid()).isEqualTo(broker.serverPid());

        broker.close();
        command.close();
        command.close();
        assertThat(query(other, "select 1")).isEqualTo("1");
        ProcessHandle server = ProcessHandle.of(other.serverPid()).orElseThrow();
        other.close();

        Eventually.holds("the server has ended", () -> !server.isAlive());
    }

    @Test
    void aBrokerStartsBesideACommandThatStartedTheServer() throws Exception {
        opened.getFirst().close();
        EmbeddedPostgres command = open(false);

        EmbeddedPostgres broker = open(true);
        command.close();

        assertThat(query(broker, "select 1")).isEqualTo("1");
    }

    @Test
    void adoptsTheServerOfAKilledBrokerAndEndsWhatItStillDid() throws Exception {
        EmbeddedPostgres killed = opened.getFirst();
        long pid = killed.serverPid();
        execute(killed, "create table half (id int)");
        Connection orphan = DriverManager.getConnection(
                killed.jdbcUrl() + "?ApplicationName=parley-broker", EmbeddedPostgres.USER, killed.password());
        orphan.setAutoCommit(false);
        try (Statement statement = orphan.createStatement()) {
            statement.execute("insert into half values (1)");
        }
        pretendKilled();

        EmbeddedPostgres next = open(true);

        assertThat(next.serverPid()).isEqualTo(pid);
        assertThat(query(next, "select count(*) from pg_stat_activity where application_name = 'parley-broker'"))
                .isEqualTo("0");
        assertThatThrownBy(orphan::commit).isInstanceOf(SQLException.class);
        assertThat(query(next, "select count(*) from half")).isEqualTo("0");
        orphan.close();
    }

    @Test
    void recoversFromAKilledServer() throws Exception {
        EmbeddedPostgres killed = opened.getFirst();
        execute(killed, "create table kept (id int); insert into kept values (7)");
        long pid = killed.serverPid();
        ProcessHandle server = ProcessHandle.of(pid).orElseThrow();
        server.destroyForcibly();
        Eventually.holds("the server is gone", () -> !server.isAlive());
        pretendKilled();

        EmbeddedPostgres next = open(true);

        assertThat(next.serverPid()).isNotEqualTo(pid);
        assertThat(query(next, "select id from kept")).isEqualTo("7");
    }

    @Test
    void aFirstStartThatWasCutShortIsBegunAgain() throws Exception {
        opened.getFirst().close();
        Files.delete(dataDir.resolve("postgres/cluster/parley.ready"));
        Files.delete(dataDir.resolve("postgres/password"));

        EmbeddedPostgres again = open(true);

        assertThat(query(again, "select 1")).isEqualTo("1");
    }

    @Test
    void takesAnotherPortWhenItsOwnIsTaken() throws Exception {
        EmbeddedPostgres first = opened.getFirst();
        int port = Integer.parseInt(
                Files.readString(dataDir.resolve("postgres/port")).strip());
        first.close();
        try (var _ = new java.net.ServerSocket(port, 1, java.net.InetAddress.getLoopbackAddress())) {
            EmbeddedPostgres second = open(true);

            assertThat(second.jdbcUrl()).isNotEqualTo(first.jdbcUrl());
            assertThat(query(second, "select 1")).isEqualTo("1");
        }
    }

    @Test
    void refusesDataOfAnotherMajorVersion() throws Exception {
        opened.getFirst().close();
        Files.writeString(dataDir.resolve("postgres/cluster/PG_VERSION"), "17\n");

        assertThatThrownBy(() -> open(true))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("written by Postgres 17, this is Postgres 18");
        Files.writeString(dataDir.resolve("postgres/cluster/PG_VERSION"), "18\n");
        open(true);
    }

    @Test
    void saysWhyTheServerDidNotStart() throws Exception {
        opened.getFirst().close();
        Files.writeString(dataDir.resolve("postgres/cluster/postgresql.conf"), "no_such_setting = 1\n");

        assertThatThrownBy(() -> open(true)).isInstanceOf(StoreException.class).hasMessageContaining("no_such_setting");
        assertThat(new DataFolderMembers(dataDir.resolve("postgres/members")).living(false))
                .isEmpty();
    }

    private EmbeddedPostgres open(boolean broker) {
        EmbeddedPostgres server = EmbeddedPostgres.open(dataDir, BINARIES, broker, true, progress::add);
        opened.add(server);
        return server;
    }

    /** What is on disk after kill -9 of a broker: its member file, with a process that does not live. */
    private void pretendKilled() throws IOException {
        opened.getLast().releaseBrokerLock();
        Path members = dataDir.resolve("postgres/members");
        try (var files = Files.list(members)) {
            for (Path file : files.toList()) {
                Files.move(
                        file,
                        members.resolve("broker-" + ProcessHandle.current().pid() + "-12345-1"));
            }
        }
    }

    private static Connection connect(EmbeddedPostgres server) throws SQLException {
        return DriverManager.getConnection(server.jdbcUrl(), EmbeddedPostgres.USER, server.password());
    }

    private static void execute(EmbeddedPostgres server, String sql) throws SQLException {
        try (Connection connection = connect(server);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static String query(EmbeddedPostgres server, String sql) throws SQLException {
        try (Connection connection = connect(server);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        }
    }
}
