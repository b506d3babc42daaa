package dev.parley.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.concurrent.Eventually;
import dev.parley.protocol.Schemas;
import dev.parley.server.BrokerTester;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the admin API tells of a session while it lives, in either pool mode. */
class LiveSessionIT {
    private static final String CANARY = "a canary that nobody but the client and the provider sees";
    private static BrokerTester tester;
    private static Operator owner;

    @BeforeAll
    static void start() throws Exception {
        tester = BrokerTester.start();
        owner = Operator.first(tester.adminUrl(), tester.broker().firstLink().orElseThrow());
    }

    @AfterAll
    static void stop() throws Exception {
        tester.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"session", "turn"})
    void tellsItsTurnsWithWhatTheyCost(String mode) throws Exception {
        String tenant = tenant(mode);
        Client client = connect(tenant);
        client.turn();
        client.turn();
        String id = owner.get("/sessions?tenant=" + tenant)
                .getJsonArray("items")
                .getJsonObject(0)
                .getString("id");

        HttpResponse<String> answer = owner.send("GET", "/sessions/" + id + "/timeline", null);

        assertThat(answer.body()).doesNotContain("canary");
        assertThat(new Schemas(owner.send("GET", "/openapi.json", null).body())
                        .problems("/sessions/{session}/timeline", "get", 200, answer.body()))
                .isEmpty();
        JsonObject timeline = new JsonObject(answer.body());
        JsonArray turns = timeline.getJsonArray("turns");
        JsonArray usage = owner.get("/sessions/" + id + "/usage").getJsonArray("items");
        assertThat(turns).hasSize(2);
        assertThat(usage).hasSize(2);
        for (int i = 0; i < 2; i++) {
            JsonObject turn = turns.getJsonObject(i);
            JsonObject entry = usage.getJsonObject(i);
            assertThat(turn.getString("response")).isEqualTo(entry.getString("reference"));
            assertThat(Long.parseLong(entry.getString("cost_nano_usd"))).isPositive();
            assertThat(at(turn, "asked_at")).isBeforeOrEqualTo(at(turn, "first_output_at"));
            assertThat(at(turn, "first_output_at")).isBeforeOrEqualTo(at(turn, "done_at"));
            assertThat(turn.getString("account")).isEqualTo(mode.equals("turn") ? entry.getString("account") : null);
        }
        assertThat(timeline.getJsonArray("spans").encode()).contains("response.create", "response.done");
        assertThat(owner.get("/sessions/" + id + "/content"))
                .as("what was said, without the tenant's leave")
                .isEqualTo(new JsonObject("{\"allowed\":false,\"entries\":[],\"dropped\":0}"));
        client.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"session", "turn"})
    void tellsOperatorsWhatIsSaidIfTheTenantAllowsIt(String mode) throws Exception {
        String tenant = tenant(mode, true);
        Client client = connect(tenant);
        client.turn();
        String id = owner.get("/sessions?tenant=" + tenant)
                .getJsonArray("items")
                .getJsonObject(0)
                .getString("id");
        String content = "/sessions/" + id + "/content";

        for (Operator other : List.of(viewer(), script("sessions:read"))) {
            HttpResponse<String> refused = other.send("GET", content, null);
            assertThat(refused.statusCode()).isEqualTo(403);
            assertThat(refused.body()
                            + other.send("GET", "/sessions/" + id + "/timeline", null)
                                    .body())
                    .doesNotContain("canary");
        }
        assertThat(readings(id)).as("readings before anybody has read").isZero();

        HttpResponse<String> answer = owner.send("GET", content, null);
        owner.send("GET", content, null);

        assertThat(new Schemas(owner.send("GET", "/openapi.json", null).body())
                        .problems("/sessions/{session}/content", "get", 200, answer.body()))
                .isEmpty();
        JsonArray entries = new JsonObject(answer.body()).getJsonArray("entries");
        assertThat(entries.stream().map(JsonObject.class::cast))
                .anyMatch(said -> "client".equals(said.getString("from"))
                        && said.getString("json").contains(CANARY))
                .anyMatch(said -> "response.output_text.delta".equals(said.getString("type"))
                        && !said.getString("text").isBlank());
        assertThat(readings(id)).as("readings by the owner").isEqualTo(1);
        assertThat(script("content:read").get(content).encode()).contains(CANARY);
        assertThat(readings(id)).as("readings by two").isEqualTo(2);

        client.close();
        Eventually.holds(
                "the session has ended", () -> !owner.see("/sessions/" + id).getBoolean("live"));
        assertThat(owner.get(content).encode()).as("after the end").contains(CANARY);
        allow(tenant, false);
        assertThat(owner.get(content).encode()).as("when it is allowed no more").doesNotContain("canary");
    }

    private static void allow(String tenant, boolean allowed) throws Exception {
        HttpResponse<String> now = owner.send("GET", "/tenants/" + tenant, null);
        JsonObject own = new JsonObject(now.body()).getJsonObject("own").put("content_capture", allowed);
        Operator current =
                owner.copy().header("If-Match", now.headers().firstValue("etag").orElseThrow());
        assertThat(current.status("PATCH", "/tenants/" + tenant, new JsonObject().put("own", own)))
                .isEqualTo(200);
    }

    private static int readings(String session) throws Exception {
        return owner.get("/audit?target=session/" + session)
                .getJsonArray("items")
                .size();
    }

    private static Operator viewer() throws Exception {
        JsonObject made = owner.post(
                "/administrators",
                new JsonObject().put("name", "viewer-" + System.nanoTime()).put("role", "viewer"));
        return Operator.withLink(tester.adminUrl(), made.getString("link_secret"));
    }

    private static Operator script(String permission) throws Exception {
        JsonObject made = owner.post(
                "/api-tokens",
                new JsonObject().put("name", permission).put("permissions", new JsonArray().add(permission)));
        return Operator.withToken(tester.adminUrl(), made.getString("token"));
    }

    @Test
    void tellsWhatItHoldsAndMayStillUse() throws Exception {
        String tenant = tenant("session");
        Client client = connect(tenant); // speech is answered by itself: money stands by for that
        client.turn();
        String id = owner.get("/sessions?tenant=" + tenant)
                .getJsonArray("items")
                .getJsonObject(0)
                .getString("id");

        JsonObject standing = owner.get("/sessions/" + id + "/timeline").getJsonObject("standing");

        assertThat(Long.parseLong(standing.getString("reserved_nano_usd"))).isPositive();
        assertThat(standing.getString("account")).isEqualTo("default");
        assertThat(standing.getString("upstream_session")).startsWith("sess_");
        assertThat(at(standing, "ends_at"))
                .isBetween(Instant.now(), Instant.now().plusSeconds(600));
        JsonObject limit = standing.getJsonArray("limits").getJsonObject(0);
        assertThat(limit.getString("unit")).isEqualTo("responses");
        assertThat(limit.getInteger("limit")).isEqualTo(50);
        assertThat(limit.getInteger("remaining")).isBetween(47, 50);

        client.close();
        Eventually.holds(
                "what has ended stands nowhere",
                () -> owner.see("/sessions/" + id + "/timeline").getValue("standing") == null);
        JsonObject last = owner.get("/sessions/" + id + "/timeline");
        assertThat(last.getJsonArray("turns")).as("turns, after the end").hasSize(1);
        assertThat(last.getJsonArray("spans").encode()).contains("response.done");
    }

    private static Instant at(JsonObject of, String field) {
        return Instant.parse(of.getString(field));
    }

    private static String tenant(String mode) throws Exception {
        return tenant(mode, false);
    }

    private static String tenant(String mode, boolean contentCapture) throws Exception {
        String id = "live-" + mode + "-" + System.nanoTime();
        JsonObject own = new JsonObject()
                .put(
                        "limits",
                        new JsonObject().put("session_length_max_seconds", 600).put("responses_per_minute", 50))
                .put("pool_mode", mode)
                .put("content_capture", contentCapture)
                .put(
                        "budgets",
                        new JsonArray()
                                .add(new JsonObject()
                                        .put("name", "main")
                                        .put("period", "day")
                                        .put("amount", "5000000000")));
        owner.post("/tenants", new JsonObject().put("id", id).put("own", own));
        return id;
    }

    private static Client connect(String tenant) throws Exception {
        String token = owner.post("/tenants/" + tenant + "/tokens", new JsonObject().put("subject", "one"))
                .getString("token");
        Client client = new Client();
        HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .header("Authorization", "Bearer " + token)
                .buildAsync(URI.create(tester.url() + "/realtime?model=gpt-realtime"), client)
                .get(10, TimeUnit.SECONDS);
        client.until("session.created");
        return client;
    }

    /** Says something and waits for the answer. */
    private static final class Client implements WebSocket.Listener {
        private final BlockingQueue<JsonObject> events = new LinkedBlockingQueue<>();
        private final StringBuilder text = new StringBuilder();
        private final CompletableFuture<WebSocket> socket = new CompletableFuture<>();

        @Override
        public void onOpen(WebSocket opened) {
            socket.complete(opened);
            opened.request(1);
        }

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            text.append(data);
            if (last) {
                events.add(new JsonObject(text.toString()));
                text.setLength(0);
            }
            from.request(1);
            return CompletableFuture.completedFuture(null);
        }

        void turn() throws Exception {
            send("""
                    {"type":"conversation.item.create","item":{"type":"message","role":"user",
                     "content":[{"type":"input_text","text":"%s"}]}}""".formatted(CANARY));
            send("{\"type\":\"response.create\",\"response\":{\"output_modalities\":[\"text\"]}}");
            until("response.done");
        }

        void close() {
            socket.join().sendClose(WebSocket.NORMAL_CLOSURE, "").join();
        }

        private void send(String event) {
            socket.join().sendText(event, true).join();
        }

        void until(String type) throws Exception {
            for (JsonObject event = next(); !event.getString("type").equals(type); event = next()) {
                assertThat(event.getString("type")).as(event.encode()).isNotEqualTo("error");
            }
        }

        private JsonObject next() throws Exception {
            JsonObject event = events.poll(20, TimeUnit.SECONDS);
            assertThat(event).as("an event").isNotNull();
            return event;
        }
    }
}
