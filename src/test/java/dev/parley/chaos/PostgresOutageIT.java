package dev.parley.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.concurrent.Eventually;
import dev.parley.domain.NanoUsd;
import dev.parley.simulator.Simulator;
import dev.parley.simulator.SimulatorOptions;
import dev.parley.store.Database;
import dev.parley.store.TestServer;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.WebSocket;
import java.nio.file.Path;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Postgres goes away under load and comes back: no usage is lost, none invented; live sessions wait and go on; new ones are
 * refused with 503 and the time to try again; and the hard budget, which is spent to its end afterwards, holds. {@code -Doutage.seconds=30} for the long run.
 */
class PostgresOutageIT {
    private static final Duration OUTAGE = Duration.ofSeconds(Integer.getInteger("outage.seconds", 6));
    private static final Duration BETWEEN_ATTEMPTS = Duration.ofMillis(100);
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    /** The broker's default: sessions that wait for their usage entry longer are closed. */
    private static final Duration COMMIT_MAX = Duration.ofMinutes(1);

    private static final NanoUsd LIMIT = NanoUsd.ofUsd("0.50");
    private static final int CLIENTS = 6;
    private static final String MODEL = "gpt-realtime-2.1";

    private final Vertx vertx = Vertx.vertx();

    @AfterEach
    void close() {
        Eventually.result(vertx.close());
    }

    @Test
    void aFrozenPostgresLosesNoUsageAndEndsNoSession(@TempDir Path folder) throws Exception {
        outage(folder, "frozen", TestServer::freeze, TestServer::thaw);
    }

    @Test
    void aStoppedPostgresLosesNoUsageAndEndsNoSession(@TempDir Path folder) throws Exception {
        outage(folder, "stopped", TestServer::stop, TestServer::startAgain);
    }

    private void outage(Path folder, String name, Act begin, Act end) throws Exception {
        Simulator simulator = Eventually.result(Simulator.start(vertx, SimulatorOptions.DEFAULT.withSpeed(100)));
        try (TestServer postgres = TestServer.start(folder.resolve("data"));
                BrokerProcess broker = new BrokerProcess(
                        folder,
                        Map.of(
                                "PARLEY_UPSTREAM_URL",
                                simulator.url().toString(),
                                "PARLEY_UPSTREAM_API_KEY",
                                "sk-chaos"))) {
            ChaosTenant.createIn(postgres.database(), LIMIT);
            String token = broker.command("token", "--tenant", ChaosTenant.NAME, "--subject", "kim", "--ttl", "1h");
            try (Talkers talkers = new Talkers(vertx, token)) {
                talkers.speakAgain(broker.url(MODEL), CLIENTS);
                Eventually.holds("responses complete", () -> talkers.seen().size() >= 5 * CLIENTS);

                begin.on(postgres);
                long from = System.nanoTime();
                List<Boolean> admitted = new ArrayList<>();
                Eventually.holds("the outage is over", OUTAGE.multipliedBy(10), () -> {
                    Future<WebSocket> attempt = talkers.connect(broker.url(MODEL));
                    Eventually.holds("the attempt has ended", attempt::isComplete);
                    admitted.add(attempt.succeeded());
                    LockSupport.parkNanos(BETWEEN_ATTEMPTS.toNanos());
                    return System.nanoTime() - from >= OUTAGE.toNanos();
                });
                int during = talkers.seen().size();
                end.on(postgres);

                Eventually.holds("clients are inside again", PATIENCE, () -> {
                    if (talkers.open() >= CLIENTS) {
                        return true;
                    }
                    Future<WebSocket> attempt = talkers.connect(broker.url(MODEL));
                    Eventually.holds("the attempt has ended", attempt::isComplete);
                    LockSupport.parkNanos(BETWEEN_ATTEMPTS.toNanos());
                    return false;
                });
                Eventually.holds(
                        "responses complete again",
                        PATIENCE,
                        () -> talkers.seen().size() >= during + 5 * CLIENTS);
                Eventually.holds("the budget is spent", PATIENCE, () -> talkers.unpaid() >= 5 * CLIENTS);
                assertThat(talkers.errors())
                        .allMatch(error -> error.startsWith(Talkers.LEDGER_AWAY)
                                || (error.startsWith("usage_commit_timeout:") && COMMIT_MAX.compareTo(OUTAGE) < 0));
                talkers.hush();
                Eventually.holds("the last response is complete", () -> talkers.waiting() == 0);
                assertThat(broker.stop(Duration.ofSeconds(60))).isZero();
                assertThat(admitted).as("new sessions in the outage").contains(false);
                assertThat(admitted.subList(admitted.indexOf(false), admitted.size()))
                        .doesNotContain(true);
                check(
                        name,
                        postgres.database(),
                        Audit.of(
                                postgres.database(),
                                simulator.books(),
                                talkers.seen().keySet()),
                        talkers);
            }
        }
    }

    private static void check(String name, Database database, Audit audit, Talkers talkers) {
        List<Talkers.Refused> refused = talkers.refused();
        System.out.printf(
                "Postgres %s for %d s: hard budget %s, spent %s, burned %s; %s; %d connections refused, errors %s%n",
                name,
                OUTAGE.toSeconds(),
                LIMIT,
                audit.ledgerCost(),
                burned(database),
                audit,
                refused.size(),
                talkers.errors().stream()
                        .collect(Collectors.groupingBy(error -> error.split(":", 2)[0], Collectors.counting())));
        assertThat(refused).allSatisfy(refusal -> {
            assertThat(refusal.status()).isEqualTo(503);
            assertThat(refusal.retryAfter()).isNotNull();
        });
        assertThat(audit.ledgerCost().plus(burned(database))).isLessThanOrEqualTo(LIMIT);
        assertThat(audit.seenWithoutRow()).isEmpty();
        assertThat(audit.doubled()).isEmpty();
        assertThat(audit.unbooked()).isEmpty();
        assertThat(audit.wrongCost()).isEmpty();
        assertThat(audit.completedWithoutRow()).isEmpty();
        assertThat(audit.ledgerCost()).isEqualTo(audit.bookedCost());
    }

    /** What grants hold that were orphaned because their node was not heard of. */
    private static NanoUsd burned(Database database) {
        return database.withConnection("read what is burned", connection -> {
            try (PreparedStatement query = connection.prepareStatement(
                            "select coalesce(sum(granted - settled), 0) from budget_grant where state = 'orphan'");
                    ResultSet row = query.executeQuery()) {
                row.next();
                return new NanoUsd(row.getLong(1));
            }
        });
    }

    private interface Act {
        void on(TestServer postgres);
    }
}
