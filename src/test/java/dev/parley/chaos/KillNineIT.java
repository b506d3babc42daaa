package dev.parley.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.concurrent.Eventually;
import dev.parley.simulator.Simulator;
import dev.parley.simulator.SimulatorOptions;
import dev.parley.store.TestServer;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Invariant 2 of the design: every response that completed upstream and that a client saw is in the ledger exactly once;
 * nothing else is. {@code -Dkill.rounds=200 -Dkill.seed=…} for the long run.
 */
class KillNineIT {
    private static final int ROUNDS = Integer.getInteger("kill.rounds", 5);
    private static final long SEED = Long.getLong("kill.seed", System.nanoTime());
    private static final int CLIENTS = 6;
    private static final String MODEL = "gpt-realtime-2.1";

    private final Vertx vertx = Vertx.vertx();

    @AfterEach
    void close() {
        Eventually.result(vertx.close());
    }

    @Test
    void aKilledBrokerLosesNoResponseThatAClientSawComplete(@TempDir Path folder) throws Exception {
        Random random = new Random(SEED);
        Simulator simulator = Eventually.result(
                Simulator.start(vertx, SimulatorOptions.DEFAULT.withSpeed(SimulatorOptions.UNLIMITED)));
        try (TestServer postgres = TestServer.start(folder.resolve("data"));
                BrokerProcess broker = new BrokerProcess(
                        folder,
                        Map.of(
                                "PARLEY_UPSTREAM_URL",
                                simulator.url().toString(),
                                "PARLEY_UPSTREAM_API_KEY",
                                "sk-chaos"))) {
            ChaosTenant.createIn(postgres.database());
            String token = broker.command("token", "--tenant", ChaosTenant.NAME, "--subject", "kim", "--ttl", "12h");
            broker.stop(Duration.ofSeconds(30)); // in peace: it leaves its class archive behind, for fast restarts
            try (Talkers talkers = new Talkers(vertx, token)) {
                for (int round = 1; round <= ROUNDS; round++) {
                    long begun = System.nanoTime();
                    broker.startAgain();
                    int before = talkers.seen().size();
                    talkers.speakAgain(broker.url(MODEL), CLIENTS);
                    int enough = before + random.nextInt(5 * CLIENTS);
                    Eventually.holds("responses complete", () -> talkers.seen().size() >= enough);
                    awaitMillis(random.nextInt(100));
                    broker.kill();
                    Eventually.holds("the clients have noticed", () -> talkers.open() == 0);
                    System.out.printf(
                            "round %d: %d responses seen complete, %d ms%n",
                            round, talkers.seen().size() - before, (System.nanoTime() - begun) / 1_000_000);
                }
                broker.startAgain();
                assertThat(broker.stop(Duration.ofSeconds(60))).isZero();
                Audit audit = Audit.of(
                        postgres.database(), simulator.books(), talkers.seen().keySet());
                System.out.println("kill -9 x " + ROUNDS + ", seed " + SEED + ": " + audit);

                assertThat(audit.seen()).isGreaterThan(ROUNDS);
                assertThat(audit.seenWithoutRow()).isEmpty();
                assertThat(audit.doubled()).isEmpty();
                assertThat(audit.unbooked()).isEmpty();
                assertThat(audit.wrongCost()).isEmpty();
                assertThat(audit.ledgerCost()).isEqualTo(audit.bookedCost());
            }
        }
    }

    private static void awaitMillis(int millis) {
        long end = System.nanoTime() + millis * 1_000_000L;
        Eventually.holds("the moment has come", () -> System.nanoTime() - end >= 0);
    }
}
