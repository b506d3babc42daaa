package dev.parley.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.auth.MasterKey;
import dev.parley.concurrent.Eventually;
import dev.parley.config.AccountConfig;
import dev.parley.config.BrokerConfig;
import dev.parley.config.ConfigLoader;
import dev.parley.config.Secret;
import dev.parley.gateway.WireClient;
import dev.parley.simulator.Script;
import dev.parley.simulator.SimulatorOptions;
import dev.parley.store.JdbcAccounts;
import io.vertx.core.Vertx;
import io.vertx.core.http.WebSocketConnectOptions;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Accounts in the database, and what an operator does with them, on a running broker. */
class UpstreamAccountsIT {
    private static final String GOOD_KEY = "sk-good-0123456789";

    private final Vertx vertx = Vertx.vertx();

    @AfterEach
    void close() {
        Eventually.result(vertx.close());
    }

    @Test
    void aRefusedAccountIsLeftAloneUntilAnOperatorReopensIt() throws Exception {
        try (BrokerTester tester = BrokerTester.start(Map.of("PARLEY_POOL_WARM_MAX", "0"))) {
            tester.simulator().scripts().next(1, Script.parse("{\"handshake\":{\"status\":401}}"));
            assertThat(first(tester)).isEqualTo("error");
            assertThat(first(tester))
                    .as("in spite of a provider that would let it in")
                    .isEqualTo("error");

            accounts(tester).reopen("default");
            Eventually.holds("it is tried again", () -> first(tester).equals("session.created"));
        }
    }

    @Test
    void anAccountIsAddedRekeyedAndRemovedWhileItRuns() throws Exception {
        SimulatorOptions picky = SimulatorOptions.DEFAULT.withApiKeys(Set.of(GOOD_KEY));
        try (BrokerTester tester = BrokerTester.start(Map.of("PARLEY_UPSTREAM_API_KEY", "sk-wrong"), picky)) {
            assertThat(first(tester)).isEqualTo("error");
            accounts(tester).add(AccountConfig.of("more", tester.simulator().url(), new Secret("sk-wrong-too"), 10));
            accounts(tester).replaceKey("more", new Secret(GOOD_KEY));
            Eventually.holds("the new account serves", () -> first(tester).equals("session.created"));
            accounts(tester).remove("more");
            Eventually.holds("it serves no more", () -> first(tester).equals("error"));
        }
    }

    @Test
    void noSimulatorTakesThePlaceOfAnAccountThatCannotBeUsed() throws Exception {
        try (BrokerTester tester =
                BrokerTester.start(Map.of("PARLEY_UPSTREAM_URL", "", "PARLEY_UPSTREAM_API_KEY", ""))) {
            assertThat(first(tester)).as("there is no account: the simulator").isEqualTo("session.created");
            accounts(tester).add(AccountConfig.of("main", tester.simulator().url(), new Secret(GOOD_KEY), 10));
            tester.database().execute("update upstream_account set secret = decode('00', 'hex')");

            tester.restart();
            assertThat(first(tester)).isEqualTo("error");
            assertThat(tester.broker().upstreams()).isEqualTo("no account that can be used now");

            accounts(tester).replaceKey("main", new Secret(GOOD_KEY));
            Eventually.holds(
                    "with a key that opens it serves", () -> first(tester).equals("session.created"));
        }
    }

    /** The type of the first event that a client hears. */
    private String first(BrokerTester tester) {
        WebSocketConnectOptions upgrade = new WebSocketConnectOptions()
                .setHost("127.0.0.1")
                .setPort(tester.url().getPort())
                .setURI("/v1/realtime?model=gpt-realtime")
                .addHeader("Authorization", "Bearer " + tester.token("alice"));
        try (WireClient client = WireClient.connect(vertx, upgrade)) {
            return client.awaitOrEnd(_ -> true).orElseThrow().path("type").asText();
        } catch (Exception e) {
            throw new AssertionError("a client could not connect", e);
        }
    }

    private static JdbcAccounts accounts(BrokerTester tester) throws Exception {
        BrokerConfig config = ConfigLoader.load(null, tester.settings()).config();
        return new JdbcAccounts(
                tester.database().database(),
                MasterKey.open(config.auth(), config.database().dataDir()));
    }
}
