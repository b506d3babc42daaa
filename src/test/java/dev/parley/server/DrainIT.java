package dev.parley.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.gateway.WireClient;
import dev.parley.simulator.Script;
import io.vertx.core.Vertx;
import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What SIGTERM does to sessions: the same call that the command makes. */
class DrainIT {
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    private final Vertx vertx = Vertx.vertx();

    @AfterEach
    void closeVertx() throws Exception {
        vertx.close().await(10, TimeUnit.SECONDS);
    }

    @Test
    void aRunningResponseFinishesAndIsPaidWhileNewSessionsAreRefused() throws Exception {
        try (BrokerTester tester = BrokerTester.start(Map.of("PARLEY_POOL_WARM_MAX", "0"));
                HttpClient http = HttpClient.newHttpClient()) {
            tester.simulator().scripts().next(1, Script.parse("{\"generationDelayMillis\":8000}"));
            WireClient client = WireClient.connect(vertx, handshake(tester));
            client.send("{\"type\":\"response.create\",\"response\":{\"output_modalities\":[\"text\"]}}");
            client.await("response.created");

            CompletableFuture<Void> draining =
                    CompletableFuture.runAsync(() -> tester.broker().close());
            awaitUnready(http, tester);
            Throwable refused = catchThrowable(() -> WireClient.connect(vertx, handshake(tester)));
            JsonNode done = client.await("response.done");
            draining.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);

            assertThat(refused)
                    .rootCause()
                    .isInstanceOfSatisfying(
                            UpgradeRejectedException.class,
                            rejected -> assertThat(rejected.getStatus()).isEqualTo(503));
            assertThat(done.at("/response/status").asText()).isEqualTo("completed");
            assertThat(client.closeCode()).isEqualTo(1012);
            assertThat(tester.database().query("select count(*) from usage_entry where status = 'completed'"))
                    .isEqualTo("1");
        }
    }

    @Test
    void aResponseThatOutlastsTheDeadlineIsCutAndPaid() throws Exception {
        try (BrokerTester tester =
                BrokerTester.start(Map.of("PARLEY_SESSION_DRAIN_TIMEOUT", "1s", "PARLEY_POOL_WARM_MAX", "0"))) {
            tester.simulator().scripts().next(1, Script.parse("{\"generationDelayMillis\":60000}"));
            WireClient client = WireClient.connect(vertx, handshake(tester));
            client.send("{\"type\":\"response.create\",\"response\":{\"output_modalities\":[\"text\"]}}");
            client.await("response.created");

            CompletableFuture<Void> draining =
                    CompletableFuture.runAsync(() -> tester.broker().close());
            draining.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);

            assertThat(client.closeCode()).isEqualTo(1012);
            assertThat(tester.database().query("select count(*) from usage_entry"))
                    .isEqualTo("1");
            assertThat(tester.simulator().books().responses())
                    .singleElement()
                    .satisfies(booking -> assertThat(booking.status()).isEqualTo("cancelled"));
        }
    }

    private static WebSocketConnectOptions handshake(BrokerTester tester) {
        return new WebSocketConnectOptions()
                .setHost("127.0.0.1")
                .setPort(tester.broker().tenantPort())
                .setURI("/v1/realtime?model=gpt-realtime-2.1")
                .putHeader("Authorization", "Bearer " + tester.token("alice"));
    }

    private static void awaitUnready(HttpClient http, BrokerTester tester) throws Exception {
        URI ready = tester.adminUrl().resolve("/health/ready");
        long deadline = System.nanoTime() + DEADLINE.toNanos();
        while (true) {
            HttpResponse<String> answer =
                    http.send(HttpRequest.newBuilder(ready).build(), HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() == 503) {
                assertThat(new JsonObject(answer.body()).getString("status")).isEqualTo("down");
                assertThat(answer.body()).contains("draining");
                return;
            }
            assertThat(System.nanoTime()).as("readiness stays up").isLessThan(deadline);
        }
    }
}
