package dev.parley.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.concurrent.Eventually;
import dev.parley.config.ConfigLoader;
import dev.parley.server.Broker;
import dev.parley.server.BrokerTester;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Two nodes on one database: the console of one shows and ends the sessions of the other. */
class NodesInTheConsoleIT {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static BrokerTester tester;
    private static Broker second;
    private static Operator owner;

    @BeforeAll
    static void start() throws Exception {
        tester = BrokerTester.start(Map.of("PARLEY_NODE_NAME", "one"));
        Map<String, String> settings = new HashMap<>(tester.settings());
        settings.put("PARLEY_NODE_NAME", "two");
        second = Broker.start(ConfigLoader.load(null, settings).config(), _ -> {});
        owner = Operator.first(tester.adminUrl(), tester.broker().firstLink().orElseThrow());
    }

    @AfterAll
    static void stop() throws Exception {
        second.close();
        tester.close();
    }

    @Test
    void showsAndEndsASessionOfTheOtherNode() throws Exception {
        Client client = Client.connect(second, tester.token("far"));
        String id = session("far");

        JsonArray row = row(id);
        assertThat(row.getString(4)).isEqualTo("two");
        assertThat(row.getString(6))
                .as("phase, which only the other node knows")
                .isEqualTo("RELAYING");
        assertThat(row.getString(8)).isEqualTo("0");
        JsonObject timeline = owner.get("/sessions/" + id + "/timeline");
        assertThat(timeline.containsKey("spans")).isTrue();

        long began = System.nanoTime();
        owner.post("/sessions/" + id + "/end", new JsonObject());
        client.closed.get(5, TimeUnit.SECONDS);
        assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began)).isLessThan(1_500);
        assertThat(owner.status("POST", "/sessions/" + id + "/end", new JsonObject()))
                .isIn(404, 409);
    }

    @Test
    void aNodesFiguresAreForNodesOnly() throws Exception {
        URI figures = URI.create("http://127.0.0.1:" + second.adminPort() + NodeDoor.FIGURES);
        for (String seal : new String[] {"", "1.A", "1700000000." + "A".repeat(43), "x".repeat(60)}) {
            HttpRequest request = HttpRequest.newBuilder(figures)
                    .header(NodeSeal.HEADER, seal)
                    .build();
            assertThat(HTTP.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(401);
        }
    }

    @Test
    void drainsTheOtherNode() throws Exception {
        // Its own, so that the others' sessions stay.
        Map<String, String> settings = new HashMap<>(tester.settings());
        settings.put("PARLEY_NODE_NAME", "three");
        settings.put(
                "PARLEY_DATA_DIR", Files.createTempDirectory("parley-three").toString());
        settings.put("PARLEY_AUTH_KEY_FILE", tester.settings().get("PARLEY_DATA_DIR") + "/master.key");
        try (Broker third = Broker.start(ConfigLoader.load(null, settings).config(), _ -> {})) {
            assertThat(owner.status("POST", "/nodes/three/drain", new JsonObject()))
                    .isEqualTo(204);
            HttpURLConnection ready =
                    (HttpURLConnection) URI.create("http://127.0.0.1:" + third.adminPort() + "/health/ready")
                            .toURL()
                            .openConnection();
            assertThat(ready.getResponseCode()).isEqualTo(503);
            Eventually.holds(
                    "the node says so", () -> owner.see("/nodes").encode().contains("\"draining\""));
        }
        assertThat(owner.status("POST", "/nodes/nobody/drain", new JsonObject()))
                .isEqualTo(404);
    }

    private static String session(String subject) throws Exception {
        String[] id = {""};
        Eventually.holds("the session of " + subject + " is listed", () -> {
            for (Object item : owner.see("/sessions").getJsonArray("items")) {
                if (((JsonObject) item).getString("subject").equals(subject)) {
                    id[0] = ((JsonObject) item).getString("id");
                }
            }
            return !id[0].isEmpty();
        });
        return id[0];
    }

    /** The session's row of the first message of the stream that has it. */
    private static JsonArray row(String id) throws IOException {
        HttpURLConnection stream = (HttpURLConnection)
                tester.adminUrl().resolve("/api/v1/sessions/stream").toURL().openConnection();
        owner.headers().forEach(stream::setRequestProperty);
        stream.setReadTimeout(10_000);
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(stream.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("data: ")) {
                    for (Object row : new JsonObject(line.substring(6)).getJsonArray("rows", new JsonArray())) {
                        if (((JsonArray) row).getString(0).equals(id)
                                && "RELAYING".equals(((JsonArray) row).getValue(6))) {
                            return (JsonArray) row;
                        }
                    }
                }
            }
        }
        throw new AssertionError("the stream has ended");
    }

    /** A client that only listens. */
    private static final class Client implements WebSocket.Listener {
        private final CompletableFuture<Integer> closed = new CompletableFuture<>();

        static Client connect(Broker broker, String token) throws Exception {
            Client client = new Client();
            HTTP.newWebSocketBuilder()
                    .header("Authorization", "Bearer " + token)
                    .buildAsync(
                            URI.create("ws://127.0.0.1:" + broker.tenantPort() + "/v1/realtime?model=gpt-realtime"),
                            client)
                    .get(10, TimeUnit.SECONDS);
            return client;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            closed.complete(code);
            return CompletableFuture.completedFuture(null);
        }
    }
}
