package dev.parley.invariants;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import dev.parley.gateway.BrokerRig;
import dev.parley.gateway.WireClient;
import dev.parley.server.BrokerTester;
import dev.parley.simulator.Script;
import io.vertx.core.Vertx;
import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.http.WebSocketConnectOptions;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Invariant 7: no token, key or conversation text in a log (down to debug), an error record, a metric, or an answer. */
class NothingLeaksIT {
    private static final String KEY = "sk-canary-key-5f1e9d";
    private static final String TEXT = "canary-words-81c2";
    private static final String ORGANISATION = "org-canary0org1";

    private final Vertx vertx = Vertx.vertx();
    private final Captured captured = new Captured();
    private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    private final Logger broker = (Logger) LoggerFactory.getLogger("dev.parley");
    private final Level before = broker.getLevel();

    @BeforeEach
    void capture() {
        captured.start();
        root.addAppender(captured);
        broker.setLevel(Level.DEBUG);
    }

    @AfterEach
    void release() {
        broker.setLevel(before);
        root.detachAppender(captured);
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @Test
    void notEvenWhenThingsGoWrong() throws Exception {
        try (BrokerTester tester =
                BrokerTester.start(Map.of("PARLEY_UPSTREAM_API_KEY", KEY, "PARLEY_POOL_WARM_MAX", "0"))) {
            String token = tester.token("alice");
            for (String script : List.of(
                    "{}",
                    "{\"failResponse\":{\"type\":\"server_error\",\"code\":\"insufficient_quota\",\"message\":\"" + KEY
                            + " of " + ORGANISATION + "\"}}",
                    "{\"refuseResponse\":{\"type\":\"invalid_request_error\",\"code\":\"invalid_value\",\"message\":\"Invalid value: '"
                            + TEXT + "'\"}}",
                    "{\"resetAfterDeltas\":2}",
                    "{\"handshake\":{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"invalid_api_key\",\"message\":"
                            + "\"Incorrect API key provided: " + KEY + "\"},\"close\":{\"code\":3000,\"reason\":\""
                            + KEY + "\"}}}",
                    "{\"handshake\":{\"status\":429}}")) {
                tester.simulator().scripts().next(1, Script.parse(script));
                converse(tester, token);
                tester.restart(); // an account that was refused is not tried again by itself
            }
            refused(tester, "?model=gpt-realtime&api-key=" + KEY, token);
            refused(tester, "?model=" + TEXT, token);
            refused(tester, "?model=gpt-realtime", token + "x");
            BrokerRig.eventually(
                    "the records are written",
                    () -> tester.database()
                            .query("select count(*) from session_error where code = 'insufficient_quota'")
                            .equals("1"));

            String records = tester.database()
                    .query("select coalesce(string_agg(row_to_json(e)::text, ' '), '') from session_error e");
            String metrics = get(tester.adminUrl().resolve("/metrics"));
            String logs = captured.text();
            assertThat(records).as("something was recorded").contains("insufficient_quota");
            assertThat(logs).as("something was logged").contains("insufficient_quota");
            int checked = 0;
            for (String secret : List.of(KEY, TEXT, ORGANISATION, token, token.substring(token.lastIndexOf('.') + 1))) {
                for (String place : List.of(logs, records, metrics)) {
                    assertThat(place).doesNotContain(secret);
                    checked++;
                }
            }
            System.out.println("invariant 7: 0 leaks in " + captured.count() + " log lines, " + records.length()
                    + " characters of error records, " + metrics.length() + " characters of metrics; " + checked
                    + " searches");
        }
    }

    private void converse(BrokerTester tester, String token) throws Exception {
        try (WireClient client = WireClient.connect(vertx, upgrade(tester, "?model=gpt-realtime", token))) {
            client.say(TEXT);
            client.send("{\"type\":\"response.create\",\"event_id\":\"" + TEXT + "\"}");
            client.send("{\"type\":\"" + TEXT + "\",\"" + TEXT + "\":1}");
            client.send("not json " + TEXT);
            client.send("{\"type\":\"session.update\",\"session\":{\"type\":\"" + TEXT + "\"}}");
            client.awaitOrEnd(event -> {
                assertThat(event.toString()).doesNotContain(KEY, ORGANISATION, token);
                return event.path("type").asText().equals("response.done")
                        || event.path("error").path("event_id").asText().equals(TEXT);
            });
        }
    }

    private void refused(BrokerTester tester, String query, String token) {
        assertThatThrownBy(() -> WireClient.connect(vertx, upgrade(tester, query, token)))
                .hasCauseInstanceOf(UpgradeRejectedException.class);
    }

    private static WebSocketConnectOptions upgrade(BrokerTester tester, String query, String token) {
        return new WebSocketConnectOptions()
                .setHost("127.0.0.1")
                .setPort(tester.url().getPort())
                .setURI("/v1/realtime" + query)
                .addHeader("Authorization", "Bearer " + token);
    }

    private static String get(URI uri) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                    .body();
        }
    }

    /** Keeps every log line with its keys, values and stack traces. */
    private static final class Captured extends AppenderBase<ILoggingEvent> {
        private final ConcurrentLinkedQueue<String> lines = new ConcurrentLinkedQueue<>();

        @Override
        protected void append(ILoggingEvent event) {
            String trace =
                    event.getThrowableProxy() == null ? "" : ThrowableProxyUtil.asString(event.getThrowableProxy());
            lines.add(event.getFormattedMessage() + ' ' + event.getKeyValuePairs() + ' ' + trace);
        }

        String text() {
            return String.join("\n", lines);
        }

        int count() {
            return lines.size();
        }
    }
}
