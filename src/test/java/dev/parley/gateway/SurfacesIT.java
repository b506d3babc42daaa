package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.domain.NanoUsd;
import dev.parley.simulator.Booking;
import dev.parley.tenancy.Budget;
import dev.parley.tenancy.BudgetPeriod;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Base64;
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

    @BeforeAll
    static void start() throws Exception {
        rig = new BrokerRig()
                .tenant("acme")
                .tenant(
                        "poor",
                        tenant -> tenant.withOwn(tenant.own()
                                .with(Budget.ofMoney(Budget.MAIN, NanoUsd.ofUsd("0.012"), BudgetPeriod.TOTAL))));
        http = HttpClient.newHttpClient();
    }

    @AfterEach
    void quiet() {
        rig.assertQuiet("acme", "poor");
    }

    @AfterAll
    static void stop() {
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

    private static HttpResponse<String> post(String path, String body) throws Exception {
        return http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + rig.port() + path))
                        .header("Authorization", "Bearer " + rig.token("acme"))
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }
}
