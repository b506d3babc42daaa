package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.concurrent.Eventually;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class DatabaseIT {
    private static final TestDatabase DB = TestDatabase.create();
    private final Database database = DB.database();

    @AfterAll
    static void close() {
        DB.close();
    }

    @Test
    void refusesToBlockAnEventLoop() {
        Vertx vertx = Vertx.vertx();
        Promise<String> caught = Promise.promise();
        vertx.runOnContext(_ -> {
            try {
                database.withConnection("ask", connection -> 1);
                caught.fail("no exception");
            } catch (IllegalStateException e) {
                caught.complete(e.getMessage());
            }
        });

        assertThat(Eventually.result(caught.future())).contains("event loop");
        Eventually.result(vertx.close());
    }

    @Test
    void rollsBackWhenTheWorkThrows() {
        DB.execute("create table half (id int)");

        assertThatThrownBy(() -> database.inTransaction("write half", connection -> {
                    try (Statement statement = connection.createStatement()) {
                        statement.execute("insert into half values (1)");
                    }
                    throw new IllegalArgumentException("second thoughts");
                }))
                .isInstanceOf(IllegalArgumentException.class);

        assertThat(DB.query("select count(*) from half")).isEqualTo("0");
        assertThat(database.connectionsInUse()).isZero();
    }

    @Test
    void aFailedStatementLeavesAUsableConnection() {
        assertThatThrownBy(() -> DB.query("select no_such_column"))
                .isInstanceOfSatisfying(
                        StoreException.class, e -> assertThat(e.kind()).isEqualTo(StoreException.Kind.SETUP));
        assertThat(DB.query("select 1")).isEqualTo("1");
    }

    @Test
    void everyConnectionHasItsTimeouts() {
        assertThat(DB.query("show statement_timeout")).isEqualTo("5s");
        assertThat(DB.query("show idle_in_transaction_session_timeout")).isEqualTo("5s");
    }

    @Test
    void survivesThatPostgresEndsItsConnections() {
        assertThatThrownBy(() -> database.inTransaction("be ended", connection -> {
                    endOtherSide(connection);
                    try (Statement statement = connection.createStatement()) {
                        return statement.execute("select 1");
                    }
                }))
                .isInstanceOfSatisfying(
                        StoreException.class, e -> assertThat(e.isRetryable()).isTrue());

        assertThat(DB.query("select 1")).isEqualTo("1");
    }

    @Test
    void saysWhereItCouldNotConnectAndNotWithWhat() {
        var config = new dev.parley.config.DatabaseConfig(
                DB.url().replaceFirst("parley:[^@]*@", "parley:hunter2@"),
                null,
                null,
                java.nio.file.Path.of("target/unused"),
                2,
                java.time.Duration.ofSeconds(1));
        try (DatabaseServer server = DatabaseServer.open(config, DatabaseServer.Role.COMMAND, _ -> {})) {
            assertThatThrownBy(() -> Database.open(server, config))
                    .isInstanceOfSatisfying(
                            StoreException.class, e -> assertThat(e.kind()).isEqualTo(StoreException.Kind.SETUP))
                    .hasMessageContaining("127.0.0.1")
                    .hasMessageContaining("password authentication failed")
                    .hasMessageNotContaining("hunter2");
        }
    }

    private static void endOtherSide(java.sql.Connection connection) throws SQLException {
        int pid = connection.unwrap(org.postgresql.PGConnection.class).getBackendPID();
        DB.execute("select pg_terminate_backend(" + pid + ", 5000)");
    }
}
