package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.config.AccountConfig;
import dev.parley.config.AccountConfig.Profile;
import dev.parley.domain.NanoUsd;
import dev.parley.simulator.Booking;
import dev.parley.tenancy.Budget;
import dev.parley.tenancy.BudgetPeriod;
import io.vertx.core.http.UpgradeRejectedException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Surfaces beside conversations and transcriptions, on real sockets, with the ledger against the simulator's books. */
class SurfacesIT {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String TRANSLATE = "/translations?model=gpt-realtime-translate";

    private static BrokerRig rig;
    private static HttpClient http;
    private static WireClient silent;

    @BeforeAll
    static void start() throws Exception {
        rig = new BrokerRig()
                .tenant("acme")
                .tenant(
                        "poor",
                        tenant -> tenant.withOwn(tenant.own()
                                .with(Budget.ofMoney(Budget.MAIN, NanoUsd.ofUsd("0.012"), BudgetPeriod.TOTAL))));
        http = HttpClient.newHttpClient();
        silent = chat("?model=gpt-realtime");
    }

    @AfterEach
    void quiet() {
        rig.assertQuiet("acme", "poor");
    }

    @AfterAll
    static void stop() throws Exception {
        assertThat(silent.closeCode())
                .as("a socket on which nobody says who it is")
                .isEqualTo(4401);
        silent.close();
        http.close();
        rig.close();
    }

    private static void speak(WireClient client, int millis) {
        client.send("{\"type\":\"session.input_audio_buffer.append\",\"audio\":\""
                + Base64.getEncoder().encodeToString(new byte[millis * 48]) + "\"}");
    }

    private static Booking newestTranslation() {
        return rig.simulator().books().translations().getLast();
    }

    private static String ledger(String session) {
        return rig.database()
                .query("select sum(millis) || ' ' || count(*) || ' ' || sum(cost_nano) from usage_entry"
                        + " where work = 'translation' and upstream_session = '" + session + "'");
    }

    @Test
    void translatesAndBillsTheAudioAsTheProviderDoes() throws Exception {
        try (WireClient client = rig.connect("acme", TRANSLATE)) {
            assertThat(client.await("session.created").at("/session/type").asText())
                    .isEqualTo("translation");
            client.send("{\"type\":\"session.update\",\"session\":{\"audio\":{\"output\":{\"language\":\"fr\"},"
                    + "\"input\":{\"transcription\":{\"model\":\"gpt-realtime-whisper\"}}}}}");
            assertThat(client.await("session.updated")
                            .at("/session/audio/output/language")
                            .asText())
                    .isEqualTo("fr");
            for (int i = 0; i < 130; i++) {
                speak(client, 200);
            }
            client.send("{\"type\":\"session.close\"}");
            client.await("session.output_transcript.delta");
            client.await("session.closed");
            assertThat(client.closeCode()).isEqualTo(1000);
        }

        assertThat(newestTranslation().seconds()).isEqualTo(26);
        // $0.034 a minute; each of the three stretches is rounded up to a nano-dollar
        assertThat(ledger(newestTranslation().sessionId())).isEqualTo("26000 3 14733334");
    }

    @Test
    void aTranslationEndsWithItsBudgetAndNoAudioGoesOnUnpaid() throws Exception {
        try (WireClient client = rig.connect("poor", TRANSLATE)) {
            client.await("session.created");
            for (int i = 0; i < 200; i++) {
                speak(client, 200);
            }
            assertThat(client.await("error").at("/error/code").asText()).isEqualTo("budget_exhausted");
            assertThat(client.closeCode()).isEqualTo(4429);
        }
        rig.assertQuiet("poor");

        assertThat(newestTranslation().seconds()).isEqualTo(21); // at $0.034 a minute there is money for 21.17
        assertThat(ledger(newestTranslation().sessionId())).startsWith("21000 ");
    }

    @Test
    void aSecretStartsTheTranslationThatItIsFor() throws Exception {
        HttpResponse<String> made = post(
                "/v1/realtime/translations/client_secrets",
                "{\"session\":{\"model\":\"gpt-realtime-translate\",\"audio\":{\"output\":{\"language\":\"es\"}}},"
                        + "\"parley\":{\"fixed\":[\"audio.output.language\"]}}");
        JsonNode answer = MAPPER.readTree(made.body());
        assertThat(answer.at("/session/type").asText()).as(made.body()).isEqualTo("translation");
        String secret = answer.path("value").asText();

        try (WireClient client = WireClient.connect(
                rig.vertx(), rig.upgrade("/translations").addHeader("Authorization", "Bearer " + secret))) {
            client.await("session.created");
            assertThat(client.await("session.updated")
                            .at("/session/audio/output/language")
                            .asText())
                    .isEqualTo("es");
            client.send("{\"type\":\"session.update\",\"session\":{\"audio\":{\"output\":{\"language\":\"fr\"}}}}");
            assertThat(client.await("error").at("/error/code").asText()).isEqualTo("setting_fixed");
        }
        assertThat(post(
                                "/v1/realtime/translations/client_secrets",
                                "{\"session\":{\"model\":\"gpt-realtime-translate\",\"instructions\":\"x\"}}")
                        .statusCode())
                .isEqualTo(400);
    }

    /** @param path of the base URL, by which the simulator knows which kind of provider it is */
    private static AccountConfig account(Profile profile, String path, Map<String, String> models) {
        return new AccountConfig(
                profile.label(),
                profile,
                URI.create("ws://127.0.0.1:" + rig.simulator().port() + path),
                rig.usualAccount().apiKey(),
                null,
                null,
                null,
                models,
                1,
                500);
    }

    private static HttpResponse<String> transcribe() throws Exception {
        String form = "--x\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n--x\r\n"
                + "Content-Disposition: form-data; name=\"file\"; filename=\"a.pcm\"\r\n\r\n" + "a".repeat(9_600)
                + "\r\n--x--\r\n";
        return http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + rig.port() + "/v1/audio/transcriptions"))
                        .header("Authorization", "Bearer " + rig.token("acme"))
                        .header("Content-Type", "multipart/form-data; boundary=x")
                        .POST(HttpRequest.BodyPublishers.ofString(form))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void deploymentsOfAzureAreModelsHere() throws Exception {
        rig.accounts(account(
                Profile.AZURE,
                "",
                Map.of(
                        "gpt-realtime", "eu--gpt-realtime",
                        "whisper-1", "asr--whisper-1",
                        "gpt-realtime-translate", "eu--gpt-realtime-translate")));
        try (WireClient client = rig.connect("acme")) {
            assertThat(client.await("session.created").at("/session/model").asText())
                    .isEqualTo("gpt-realtime");
            client.send("{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"model\":\"gpt-realtime\","
                    + "\"output_modalities\":[\"text\"],\"audio\":{\"input\":{\"turn_detection\":null,"
                    + "\"transcription\":{\"model\":\"whisper-1\"}}}}}");
            assertThat(client.await("session.updated")
                            .at("/session/audio/input/transcription/model")
                            .asText())
                    .isEqualTo("whisper-1");
            client.say("Hello.").send("{\"type\":\"response.create\"}");
            String response = client.await("response.done").at("/response/id").asText();
            assertThat(rig.entry("account || ' ' || model_resolved || ' ' || kind", response))
                    .isEqualTo("azure gpt-realtime usage");
        }
        try (WireClient client = rig.connect("acme", TRANSLATE)) {
            assertThat(client.await("session.created").at("/session/model").asText())
                    .isEqualTo("gpt-realtime-translate");
        }
        HttpResponse<String> transcribed = transcribe();
        assertThat(transcribed.statusCode()).as(transcribed.body()).isEqualTo(200);
        rig.accounts(rig.usualAccount());
    }

    @Test
    void toleratesWhatCompatibleProvidersDoOtherwise() throws Exception {
        rig.accounts(account(Profile.COMPATIBLE, "/compatible/v1", Map.of()));
        try (WireClient client = rig.text("acme")) {
            client.say("Hello.").send("{\"type\":\"response.create\"}");
            String response = client.await("response.done").at("/response/id").asText();
            assertThat(rig.entry("account || ' ' || kind", response)).isEqualTo("compatible estimated");
            assertThat(client.types()).doesNotContain("rate_limits.updated");
        }
        HttpResponse<String> transcribed = transcribe();
        assertThat(transcribed.statusCode()).as(transcribed.body()).isEqualTo(200);
        rig.accounts(rig.usualAccount());
    }

    private static WireClient chat(String query) throws Exception {
        return WireClient.connect(rig.vertx(), rig.upgrade("").setURI("/v1/chat" + query));
    }

    @Test
    void aCredentialMayComeInTheFirstEvent() throws Exception {
        String first = "{\"type\":\"session.update\",\"session\":{\"client_secret\":\"" + rig.token("acme")
                + "\",\"modalities\":[\"text\"],\"turn_detection\":null,\"instructions\":\"Be brief.\"}}";
        try (WireClient client = chat("?model=gpt-realtime")) {
            client.send(first);
            client.say("Hello.").send("{\"type\":\"response.create\"}"); // right behind it
            client.await("session.created");
            JsonNode session = client.await("session.updated").path("session");
            assertThat(session.path("instructions").asText()).isEqualTo("Be brief.");
            assertThat(session.has("client_secret")).isFalse();
            assertThat(client.await("response.done").at("/response/status").asText())
                    .isEqualTo("completed");
            assertThat(client.heard().toString())
                    .doesNotContain(rig.token("acme").substring(0, 30));
        }
    }

    @Test
    void whoDoesNotSayWhoItIsIsTurnedAway() throws Exception {
        for (String first : List.of(
                "{\"type\":\"response.create\"}",
                "{\"type\":\"session.update\",\"session\":{\"client_secret\":\"forged\"}}")) {
            try (WireClient client = chat("?model=gpt-realtime")) {
                client.send(first);
                assertThat(client.await("error").at("/error/message").asText()).doesNotContain("forged");
                assertThat(client.closeCode()).isEqualTo(4401);
            }
        }
        try (WireClient client = chat("?model=gpt-realtime")) {
            client.send("{\"type\":\"session.update\",\"x\":\"" + "x".repeat(100_000) + "\"}");
            assertThat(client.await("error").at("/error/code").asText()).isEqualTo("first_event_too_large");
            assertThat(client.closeCode()).isEqualTo(4400);
        }
    }

    @Test
    void theLiveApiIsRefusedWithWhatToUseInstead() throws Exception {
        HttpResponse<String> answer = post("/v1/live/sessions", "{}");

        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(MAPPER.readTree(answer.body()).at("/error/code").asText()).isEqualTo("live_api_not_served");
        assertThat(answer.body()).contains("/v1/realtime?model=");
        assertThatThrownBy(() -> WireClient.connect(
                        rig.vertx(),
                        rig.upgrade("")
                                .setURI("/v1/live/sessions")
                                .addHeader("Authorization", "Bearer " + rig.token("acme"))))
                .hasRootCauseInstanceOf(UpgradeRejectedException.class);
    }

    private static HttpResponse<String> post(String path, String body) throws Exception {
        return http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + rig.port() + path))
                        .header("Authorization", "Bearer " + rig.token("acme"))
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }
}
