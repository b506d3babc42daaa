package dev.parley.turn;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.gateway.BrokerRig;
import dev.parley.gateway.WireClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a provider says of its account stays with the broker, in both pool modes and wherever the provider says it. */
class ProviderFactsIT {
    private static final String ERROR = "{\"type\":\"tokens\",\"code\":\"rate_limit_exceeded\",\"message\":"
            + "\"Rate limit reached for gpt-realtime in organization org-canary0001 on tokens per min (TPM): Limit 40000,"
            + " Used 39123, Requested 3000. Please try again in 3s.\"}";

    private static BrokerRig rig;

    @BeforeAll
    static void start() throws Exception {
        rig = TurnRig.start();
        rig.tenant("session");
        TurnRig.inTurnMode(rig, "turn");
    }

    @AfterEach
    void quiet() {
        rig.assertQuiet("session", "turn");
        rig.simulator().scripts().clear();
    }

    @AfterAll
    static void stop() {
        rig.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"session", "turn"})
    void noErrorTellsOfTheAccount(String mode) throws Exception {
        rig.script("{\"refuseResponse\":" + ERROR + "}");
        try (WireClient client = rig.text(mode)) {
            client.say("hello").send("{\"type\":\"response.create\",\"event_id\":\"c1\"}");
            JsonNode error = client.await("error").path("error");
            assertClean(error);
            assertThat(error.path("event_id").asText()).isEqualTo("c1");
        }
        rig.script("{\"failResponse\":" + ERROR + "}");
        try (WireClient client = rig.text(mode)) {
            client.say("hello").send("{\"type\":\"response.create\"}");
            assertClean(client.await("response.done").at("/response/status_details/error"));
        }
    }

    @Test
    void noTranscriptionTellsOfTheAccount() throws Exception {
        rig.script("{\"transcriptionFails\":" + ERROR + "}");
        try (WireClient client = rig.text("session")) {
            client.send("{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"audio\":{\"input\":{"
                    + "\"transcription\":{\"model\":\"gpt-4o-transcribe\"}}}}}");
            client.await("session.updated");
            client.speak(new byte[48_000]).send("{\"type\":\"input_audio_buffer.commit\"}");
            assertClean(client.await("conversation.item.input_audio_transcription.failed")
                    .path("error"));
        }
    }

    private static void assertClean(JsonNode error) {
        assertThat(error.path("code").asText()).isEqualTo("rate_limit_exceeded");
        assertThat(error.path("message").asText()).isNotEmpty();
        assertThat(error.toString()).doesNotContain("org-canary", "organization", "40000", "39123", "TPM");
    }
}
