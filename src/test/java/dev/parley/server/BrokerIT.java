package dev.parley.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.parley.config.BrokerConfig;
import dev.parley.config.ConfigLoader;
import dev.parley.gateway.BrokerRig;
import dev.parley.store.TestDatabase;
import io.vertx.core.json.JsonObject;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole broker in this process. */
class BrokerIT {
    @TempDir
    Path folder;

    @Test
    void answersHealthAndMetrics() throws Exception {
        try (BrokerTester tester = BrokerTester.start();
                HttpClient http = HttpClient.newHttpClient()) {
            HttpResponse<String> live = get(http, tester.adminUrl().resolve("/health/live"));
            HttpResponse<String> ready = get(http, tester.adminUrl().resolve("/health/ready"));
            HttpResponse<String> metrics = get(http, tester.adminUrl().resolve("/metrics"));

            assertThat(live.statusCode()).isEqualTo(200);
            assertThat(ready.statusCode()).isEqualTo(200);
            assertThat(new JsonObject(ready.body()).getString("status")).isEqualTo("up");
            assertThat(metrics.statusCode()).isEqualTo(200);
            assertThat(metrics.body())
                    .contains("parley_sessions 0.0", "parley_ledger_healthy 1.0", "jvm_memory_used_bytes")
                    .doesNotContain("demo");
        }
    }

    @Test
    void namesThePortThatIsInUse() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String port = Integer.toString(taken.getLocalPort());
            BrokerConfig config = ConfigLoader.load(
                            null,
                            Map.of(
                                    "PARLEY_ADMIN_PORT",
                                    port,
                                    "PARLEY_DATA_DIR",
                                    folder.resolve("data").toString()))
                    .config();

            StartException refused = catchThrowableOfType(StartException.class, () -> Broker.start(config, _ -> {}));

            assertThat(refused).hasMessage("port " + port + " is in use: set PARLEY_ADMIN_PORT");
            assertThat(folder.resolve("data"))
                    .as("found before Postgres is started for nothing")
                    .doesNotExist();
        }
    }

    @Test
    void leavesNothingBehindWhenItCannotStart() throws Exception {
        try (BrokerTester tester = BrokerTester.start();
                TestDatabase other = TestDatabase.create()) {
            Map<String, String> settings = new HashMap<>(tester.settings());
            settings.put("PARLEY_HTTP_PORT", Integer.toString(tester.broker().tenantPort()));
            settings.put("PARLEY_DATABASE_URL", other.url());
            BrokerConfig config = ConfigLoader.load(null, settings).config();

            StartException refused = catchThrowableOfType(StartException.class, () -> Broker.start(config, _ -> {}));

            assertThat(refused).hasMessage("port " + tester.broker().tenantPort() + " is in use: set PARLEY_HTTP_PORT");
            assertThat(other.query("select count(*) from tenant"))
                    .as("it had used the database")
                    .isEqualTo("1");
            BrokerRig.eventually(
                    "its connections are gone", () -> brokerConnections(other).equals("0"));
        }
    }

    @Test
    void keepsItsTenantsAndTokensAcrossARestart() throws Exception {
        try (BrokerTester tester = BrokerTester.start()) {
            Demo first = tester.broker().demo().orElseThrow();
            tester.tenants().suspend(BrokerTester.DEMO);

            tester.restart();

            Demo second = tester.broker().demo().orElseThrow();
            assertThat(second.tenant().id()).isEqualTo(first.tenant().id());
            assertThat(second.tenant().status())
                    .as("a demo tenant that was suspended stays so")
                    .isEqualTo(dev.parley.tenancy.TenantStatus.SUSPENDED);
        }
    }

    private static String brokerConnections(TestDatabase database) {
        return database.query("select count(*) from pg_stat_activity where datname = current_database()"
                + " and application_name = 'parley-broker'");
    }

    private static HttpResponse<String> get(HttpClient http, URI url) throws Exception {
        return http.send(HttpRequest.newBuilder(url).build(), HttpResponse.BodyHandlers.ofString());
    }
}
