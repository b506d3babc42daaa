package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.domain.TenantId;
import dev.parley.tenancy.PoolMode;
import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.http.WebSocketConnectOptions;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Client secrets from their making to the sessions that they start. */
class ClientSecretsIT {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String SETTINGS =
            "\"session\":{\"type\":\"realtime\",\"model\":\"gpt-realtime\",\"instructions\":\"Speak like a"
                    + " pirate.\",\"output_modalities\":[\"text\"],\"audio\":{\"input\":{\"turn_detection\":null},"
                    + "\"output\":{\"voice\":\"cedar\"}}}";

    private static BrokerRig rig;
    private static HttpClient http;

    @BeforeAll
    static void start() throws Exception {
        rig = new BrokerRig()
                .tenant("acme")
                .tenant("asleep")
                .tenant("full")
                .tenant("turning", tenant -> tenant.withOwn(tenant.own().withPoolMode(PoolMode.TURN)));
        http = HttpClient.newHttpClient();
    }

    @AfterAll
    static void stop() {
        http.close();
        rig.close();
    }

    @Test
    void startsSessionsWithTheSettingsThatItHasAndIsKeptByItsHashOnly() throws Exception {
        JsonNode made =
                made("acme", "{" + SETTINGS + ",\"expires_after\":{\"anchor\":\"created_at\",\"seconds\":7200}}");
        String secret = made.path("value").asText();
        assertThat(secret).startsWith("ek_").hasSize(46);
        assertThat(made.at("/session/object").asText()).isEqualTo("realtime.session");
        assertThat(made.at("/session/instructions").asText()).isEqualTo("Speak like a pirate.");
        long seconds = made.path("expires_at").asLong() - System.currentTimeMillis() / 1_000;
        assertThat(seconds).isBetween(7_100L, 7_201L);

        for (WebSocketConnectOptions way : List.of(
                bearer(secret, "?model=gpt-realtime"),
                bearer(secret, ""),
                rig.upgrade("").setSubProtocols(List.of("realtime", "openai-insecure-api-key." + secret)))) {
            try (WireClient client = WireClient.connect(rig.vertx(), way)) {
                client.await("session.created");
                JsonNode session = client.await("session.updated").path("session");
                assertThat(session.path("instructions").asText()).isEqualTo("Speak like a pirate.");
                assertThat(session.at("/audio/output/voice").asText()).isEqualTo("cedar");
                assertThat(session.at("/audio/input/turn_detection").isNull()).isTrue();
                client.say("Hello.").send("{\"type\":\"response.create\"}");
                client.await("response.done");
            }
        }
        rig.assertQuiet("acme");
        assertThat(rig.database()
                        .query("select count(*) from client_secret where session || hash::text like '%" + secret
                                + "%'"))
                .isEqualTo("0");
        assertThat(rig.database().query("select distinct subject from usage_entry where tenant_id = 'acme'"))
                .isEqualTo("alice");
    }

    @ParameterizedTest
    @ValueSource(strings = {"acme", "turning"})
    void holdsItsClientToWhatIsFixed(String tenant) throws Exception {
        String secret = secret(
                tenant, "{" + SETTINGS + ",\"parley\":{\"fixed\":[\"instructions\",\"voice\",\"tools\",\"prompt\"]}}");
        try (WireClient client = WireClient.connect(rig.vertx(), bearer(secret, ""))) {
            client.await("session.created");
            for (Map.Entry<String, String> change : Map.of(
                            "{\"instructions\":\"Speak like a judge.\"", "session.instructions",
                            "{\"audio\":{\"output\":{\"voice\":\"verse\"}}", "session.audio.output.voice",
                            "{\"tools\":[{\"type\":\"function\",\"name\":\"f\",\"parameters\":{}}]", "session.tools")
                    .entrySet()) {
                client.send("{\"type\":\"session.update\",\"session\":" + change.getKey() + ",\"type\":\"realtime\"}}");
                JsonNode error = client.await("error").path("error");
                assertThat(error.path("code").asText()).isEqualTo("setting_fixed");
                assertThat(error.path("param").asText()).isEqualTo(change.getValue());
            }
            client.send(
                    "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"instructions\":\"Speak like a pirate.\","
                            + "\"audio\":{\"output\":{\"voice\":\"cedar\",\"speed\":1.1}},\"max_output_tokens\":50}}");
            JsonNode session = client.await(
                            "the update",
                            event -> event.at("/session/max_output_tokens").asInt() == 50)
                    .path("session");
            assertThat(session.path("instructions").asText()).isEqualTo("Speak like a pirate.");
            client.say("Hello.").send("{\"type\":\"response.create\",\"response\":{\"instructions\":\"Be rude.\"}}");
            assertThat(client.await("error").at("/error/param").asText()).isEqualTo("response.instructions");
            client.send("{\"type\":\"response.create\"}");
            client.await("response.done");
        }
    }

    @Test
    void fixesEverythingWhenAskedTo() throws Exception {
        String secret = secret("acme", "{" + SETTINGS + ",\"parley\":{\"fixed\":[\"*\"]}}");
        try (WireClient client = WireClient.connect(rig.vertx(), bearer(secret, ""))) {
            client.await("session.updated");
            client.send(
                    "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"truncation\":\"disabled\"}}");
            assertThat(client.await("error").at("/error/param").asText()).isEqualTo("session.truncation");
            client.say("Hello.").send("{\"type\":\"response.create\",\"response\":{\"metadata\":{\"k\":\"v\"}}}");
            client.await("response.done");
        }
        rig.assertQuiet("acme");
    }

    @Test
    void startsOneSessionAndNoMoreWhenItIsForOne() throws Exception {
        String secret = secret("acme", "{" + SETTINGS + ",\"parley\":{\"single_use\":true}}");
        try (WireClient client = WireClient.connect(rig.vertx(), bearer(secret, ""))) {
            client.await("session.created");
            assertThat(refusal(secret, "")).isEqualTo(401);
        }
        rig.assertQuiet("acme");
    }

    @Test
    void isForItsModelAndItsKindOnly() throws Exception {
        String secret = secret("acme", "{" + SETTINGS + "}");
        assertThat(refusal(secret, "?model=gpt-realtime-mini")).isEqualTo(403);
        assertThat(refusal(secret, "?intent=transcription")).isEqualTo(403);
        String transcription = secret(
                "acme",
                "{\"session\":{\"type\":\"transcription\",\"audio\":{\"input\":{\"turn_detection\":null,"
                        + "\"transcription\":{\"model\":\"gpt-4o-transcribe\"}}}}}");
        assertThat(refusal(transcription, "?model=gpt-realtime")).isEqualTo(403);
        try (WireClient client = WireClient.connect(rig.vertx(), bearer(transcription, ""))) {
            assertThat(client.await("session.created").at("/session/type").asText())
                    .isEqualTo("transcription");
            assertThat(client.await("session.updated")
                            .at("/session/audio/input/transcription/model")
                            .asText())
                    .isEqualTo("gpt-4o-transcribe");
        }
        rig.assertQuiet("acme");
    }

    @Test
    void isGoodForNothingElseAndNotForEver() throws Exception {
        String secret = secret("acme", "{" + SETTINGS + ",\"expires_after\":{\"seconds\":10}}");
        assertThat(post("/v1/realtime/client_secrets", secret, "{" + SETTINGS + "}")
                        .statusCode())
                .isEqualTo(403);
        assertThat(refusal("ek_" + "A".repeat(43), "")).isEqualTo(401);
        assertThat(refusal("ek_short", "")).isEqualTo(401);
        rig.database()
                .execute("update client_secret set expires_at = now() where id = (select max(id) from client_secret"
                        + " where expires_at < now() + interval '11 seconds')");
        assertThat(refusal(secret, "")).isEqualTo(401);
    }

    @Test
    void isGoneWithTheTokenThatAskedForIt() throws Exception {
        String token = rig.token("acme");
        String secret = MAPPER.readTree(post("/v1/realtime/client_secrets", token, "{" + SETTINGS + "}")
                        .body())
                .path("value")
                .asText();
        try (WireClient client = WireClient.connect(rig.vertx(), bearer(secret, ""))) {
            client.await("session.created");
        }
        rig.revoke("acme", token);
        BrokerRig.eventually("it is known to be revoked", () -> refusal(secret, "") == 401);
    }

    @Test
    void isGoneWithItsTenantsRights() throws Exception {
        String secret = secret("asleep", "{" + SETTINGS + "}");
        try (WireClient client = WireClient.connect(rig.vertx(), bearer(secret, ""))) {
            client.await("session.created");
            rig.tenants().suspend(new TenantId("asleep"));
            assertThat(client.closeCode()).isEqualTo(4403);
        }
        BrokerRig.eventually("its tenant is known to be suspended", () -> refusal(secret, "") == 403);
    }

    @Test
    void refusesWhatNoSessionCouldBeStartedWith() throws Exception {
        for (Map.Entry<String, String> bad : Map.of(
                        "{",
                        "invalid_json",
                        "{}",
                        "missing_required_parameter",
                        "{\"session\":{\"model\":\"gpt-nonsense\"}}",
                        "model_not_found",
                        "{\"session\":{\"model\":\"whisper-1\"}}",
                        "invalid_model",
                        "{" + SETTINGS + ",\"expires_after\":{\"seconds\":9}}",
                        "invalid_value",
                        "{" + SETTINGS + ",\"expires_after\":{\"seconds\":7201}}",
                        "invalid_value",
                        "{" + SETTINGS + ",\"parley\":{\"once\":true}}",
                        "unknown_parameter",
                        "{" + SETTINGS + ",\"parley\":{\"subject\":\"bob\"}}",
                        "subject_not_allowed",
                        "{\"session\":{\"model\":\"gpt-realtime\",\"prompt\":{\"id\":\"pmpt_1\"}}}",
                        "prompt_not_allowed",
                        "{\"session\":{\"type\":\"transcription\",\"audio\":{\"input\":{\"transcription\":{\"model\":\"gpt-realtime\"}}}}}",
                        "invalid_model")
                .entrySet()) {
            HttpResponse<String> answer = post("/v1/realtime/client_secrets", rig.token("acme"), bad.getKey());
            assertThat(answer.statusCode()).as(bad.getKey()).isBetween(400, 404);
            assertThat(MAPPER.readTree(answer.body()).at("/error/code").asText())
                    .as(bad.getKey())
                    .isEqualTo(bad.getValue());
        }
        assertThat(post("/v1/realtime/client_secrets", "forged", "{" + SETTINGS + "}")
                        .statusCode())
                .isEqualTo(401);
    }

    @Test
    void boundsHowManyASubjectHas() throws Exception {
        for (int i = 0; i < 100; i++) {
            made("full", "{" + SETTINGS + "}");
        }
        HttpResponse<String> onceMore = post("/v1/realtime/client_secrets", rig.token("full"), "{" + SETTINGS + "}");
        assertThat(onceMore.statusCode()).isEqualTo(429);
        assertThat(onceMore.body()).contains("client_secret_limit_reached", "100");
        HttpResponse<String> forAnother = post(
                "/v1/realtime/client_secrets",
                rig.tenantToken("full"),
                "{" + SETTINGS + ",\"parley\":{\"subject\":\"bob\"}}");
        assertThat(forAnother.statusCode()).isEqualTo(200);
        rig.database()
                .execute("update client_secret set expires_at = now() - interval '2 hours' where tenant_id = 'full'");
        made("full", "{" + SETTINGS + "}");
        assertThat(rig.database().query("select count(*) from client_secret where tenant_id = 'full'"))
                .isEqualTo("1");
    }

    @Test
    void answersTheBetasFormsInTheBetasWords() throws Exception {
        JsonNode made = MAPPER.readTree(post(
                        "/v1/realtime/sessions",
                        rig.token("acme"),
                        "{\"model\":\"gpt-4o-realtime-preview\",\"modalities\":[\"text\"],\"voice\":\"verse\",\"temperature\":0.7,"
                                + "\"turn_detection\":null}")
                .body());
        assertThat(made.path("model").asText()).isEqualTo("gpt-realtime-1.5");
        assertThat(made.path("voice").asText()).isEqualTo("verse");
        assertThat(made.path("temperature").decimalValue()).isEqualByComparingTo("0.7");
        assertThat(made.has("audio")).isFalse();
        assertThat(made.at("/client_secret/expires_at").asLong() - System.currentTimeMillis() / 1_000)
                .isBetween(50L, 61L);
        WebSocketConnectOptions beta = bearer(
                        made.at("/client_secret/value").asText(), "?model=gpt-4o-realtime-preview")
                .addHeader("OpenAI-Beta", "realtime=v1");
        try (WireClient client = WireClient.connect(rig.vertx(), beta)) {
            client.await("session.created");
            JsonNode session = client.await("session.updated").path("session");
            assertThat(session.path("voice").asText()).isEqualTo("verse");
            assertThat(session.path("modalities").toString()).isEqualTo("[\"text\"]");
        }
        JsonNode transcription = MAPPER.readTree(post(
                        "/v1/realtime/transcription_sessions",
                        rig.token("acme"),
                        "{\"input_audio_format\":\"g711_ulaw\",\"input_audio_transcription\":{\"model\":\"gpt-4o-transcribe\"}}")
                .body());
        assertThat(transcription.path("object").asText()).isEqualTo("realtime.transcription_session");
        assertThat(transcription.path("input_audio_format").asText()).isEqualTo("g711_ulaw");
        assertThat(transcription.at("/client_secret/value").asText()).startsWith("ek_");
        rig.assertQuiet("acme");
    }

    private static JsonNode made(String tenant, String body) throws Exception {
        HttpResponse<String> answer = post("/v1/realtime/client_secrets", rig.token(tenant), body);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return MAPPER.readTree(answer.body());
    }

    private static String secret(String tenant, String body) throws Exception {
        return made(tenant, body).path("value").asText();
    }

    private static HttpResponse<String> post(String path, String token, String body) throws Exception {
        return http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + rig.port() + path))
                        .header("Authorization", "Bearer " + token)
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static WebSocketConnectOptions bearer(String secret, String query) {
        return rig.upgrade(query).addHeader("Authorization", "Bearer " + secret);
    }

    /** The status of a refused upgrade; 101 if it was not refused. */
    private static int refusal(String secret, String query) {
        try (WireClient _ = WireClient.connect(rig.vertx(), bearer(secret, query))) {
            return 101;
        } catch (Exception refused) {
            if (refused.getCause() instanceof UpgradeRejectedException upgrade) {
                return upgrade.getStatus();
            }
            throw new AssertionError("neither accepted nor refused", refused);
        }
    }
}
