package dev.parley.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.vertx.core.json.JsonObject;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Turns of a whole broker, as a collector receives them. */
class TurnTracesIT {
    private static final String SAID = "a canary that no trace may hold";

    @Test
    void aTurnIsASpanWithoutItsContent() throws Exception {
        BlockingQueue<Received> received = new LinkedBlockingQueue<>();
        HttpServer collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        collector.createContext("/v1/traces", exchange -> {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            received.add(new Received(exchange.getRequestHeaders().getFirst("Authorization"), body));
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        collector.start();
        String endpoint = "http://127.0.0.1:" + collector.getAddress().getPort() + "/v1/traces";
        try (BrokerTester tester = BrokerTester.start(
                Map.of("PARLEY_TRACES_ENDPOINT", endpoint, "PARLEY_TRACES_AUTHORIZATION", "Bearer of-the-collector"))) {
            Talk talk = new Talk();
            HttpClient.newHttpClient()
                    .newWebSocketBuilder()
                    .header("Authorization", "Bearer " + tester.token("traced"))
                    .buildAsync(URI.create(tester.url() + "/realtime?model=gpt-realtime"), talk)
                    .get(10, TimeUnit.SECONDS);
            talk.done.get(20, TimeUnit.SECONDS);

            Received one = received.poll(20, TimeUnit.SECONDS);
            assertThat(one).isNotNull();
            assertThat(one.authorization()).isEqualTo("Bearer of-the-collector");
            assertThat(one.body()).doesNotContain("canary");
            JsonObject span = new JsonObject(one.body())
                    .getJsonArray("resourceSpans")
                    .getJsonObject(0)
                    .getJsonArray("scopeSpans")
                    .getJsonObject(0)
                    .getJsonArray("spans")
                    .getJsonObject(0);
            assertThat(span.getString("name")).isEqualTo("chat gpt-realtime");
            assertThat(span.getString("traceId")).matches("[0-9a-f]{32}");
            assertThat(span.getString("spanId")).matches("[0-9a-f]{16}");
            assertThat(Long.parseLong(span.getString("endTimeUnixNano")))
                    .isGreaterThanOrEqualTo(Long.parseLong(span.getString("startTimeUnixNano")));
            assertThat(span.getJsonArray("attributes").encode()).contains("demo", "psn_", "gpt-realtime");
            assertThat(span.getJsonArray("events").encode()).contains("first_output");
        } finally {
            collector.stop(0);
        }
    }

    private record Received(String authorization, String body) {}

    /** Says something and waits for the answer. */
    private static final class Talk implements WebSocket.Listener {
        private final CompletableFuture<Void> done = new CompletableFuture<>();
        private final StringBuilder text = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            text.append(data);
            if (last) {
                String type = new JsonObject(text.toString()).getString("type");
                text.setLength(0);
                if (type.equals("session.created")) {
                    return say(socket);
                } else if (type.equals("response.done")) {
                    done.complete(null);
                }
            }
            socket.request(1);
            return CompletableFuture.completedFuture(null);
        }

        private static CompletionStage<?> say(WebSocket socket) {
            socket.request(1);
            return socket.sendText("""
                            {"type":"conversation.item.create","item":{"type":"message","role":"user",
                             "content":[{"type":"input_text","text":"%s"}]}}""".formatted(SAID), true)
                    .thenCompose(sent -> sent.sendText(
                            "{\"type\":\"response.create\",\"response\":{\"output_modalities\":[\"text\"]}}", true));
        }
    }
}
