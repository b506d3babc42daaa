package dev.parley.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.auth.MasterKey;
import dev.parley.concurrent.Eventually;
import dev.parley.config.BrokerConfig;
import dev.parley.config.ConfigLoader;
import dev.parley.gateway.WireClient;
import dev.parley.store.JdbcWebhooks;
import dev.parley.webhook.Receiver;
import dev.parley.webhook.SigningSecret;
import io.vertx.core.Vertx;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** From a response to the receiver of a webhook, through a whole broker. */
class BudgetWebhookIT {
    private final Vertx vertx = Vertx.vertx();

    @AfterEach
    void closeVertx() throws Exception {
        vertx.close().await(10, TimeUnit.SECONDS);
    }

    @Test
    void whoSpendsHisBudgetIsHeardOfByTheWebhook() throws Exception {
        SigningSecret secret = SigningSecret.random();
        try (BrokerTester tester = BrokerTester.start(Map.of("PARLEY_WEBHOOKS_ALLOW_LOOPBACK", "true"));
                Receiver receiver = new Receiver(vertx)) {
            tester.database()
                    .execute("insert into budget (tenant_id, name, unit, period, scope, amount, hard)"
                            + " values ('demo', 'few-tokens', 'tokens', 'total', 'each_subject', 2, false)");
            BrokerConfig config = ConfigLoader.load(null, tester.settings()).config();
            new JdbcWebhooks(
                            tester.database().database(),
                            MasterKey.open(config.auth(), config.database().dataDir()))
                    .add(BrokerTester.DEMO, receiver.url(), secret);

            try (WireClient client = WireClient.connect(vertx, handshake(tester))) {
                client.say("hello").send("{\"type\":\"response.create\"}");
                client.await("response.done");
            }

            Eventually.holds("three events", () -> receiver.received().size() >= 3);
            assertThat(receiver.received()).hasSize(3).allMatch(request -> request.isSignedWith(secret.reveal()));
            assertThat(receiver.received().stream().map(Receiver.Received::json))
                    .extracting(json -> json.getJsonObject("data"))
                    .extracting(data -> data.getString("subject") + " " + data.getInteger("threshold"))
                    .containsExactly("alice 50", "alice 80", "alice 100");
            JsonObject data = receiver.received().getFirst().json().getJsonObject("data");
            assertThat(data.getLong("spent"))
                    .isEqualTo(Long.parseLong(tester.database()
                            .query("select text_in + audio_in + image_in + text_out + audio_out from usage_entry")));
            Eventually.holds("counted", () -> metrics(tester).contains("parley_webhooks_delivered 3.0"));
            assertThat(metrics(tester))
                    .contains("parley_webhooks_waiting 0.0", "parley_webhooks_failed 0.0")
                    .doesNotContain("hidden");
        }
    }

    private static String metrics(BrokerTester tester) {
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(
                            HttpRequest.newBuilder(tester.adminUrl().resolve("/metrics"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static WebSocketConnectOptions handshake(BrokerTester tester) {
        return new WebSocketConnectOptions()
                .setHost("127.0.0.1")
                .setPort(tester.broker().tenantPort())
                .setURI("/v1/realtime?model=gpt-realtime-2.1")
                .putHeader("Authorization", "Bearer " + tester.token("alice"));
    }
}
