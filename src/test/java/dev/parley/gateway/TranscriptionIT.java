package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Transcription sessions, and transcription inside conversations, in both shapes of usage. */
class TranscriptionIT {
    private static BrokerRig rig;

    @BeforeAll
    static void start() throws Exception {
        rig = new BrokerRig().tenant("acme");
    }

    @AfterEach
    void quiet() {
        rig.assertQuiet("acme");
    }

    @AfterAll
    static void stop() {
        rig.close();
    }

    @Test
    void aTimeBilledSessionPaysByTheSecond() throws Exception {
        try (WireClient client = rig.connect("acme", "?intent=transcription&model=gpt-live-transcribe")) {
            client.await("session.created");
            client.send(update("gpt-live-transcribe"));
            client.await("session.updated");
            client.speak(rig.simulator().recording()).send("{\"type\":\"input_audio_buffer.commit\"}");
            JsonNode done = client.await("conversation.item.input_audio_transcription.completed");

            BigDecimal millis =
                    done.path("usage").path("seconds").decimalValue().movePointRight(3);
            long expected = Math.ceilDiv(17_000_000L * millis.longValueExact(), 60_000);
            assertThat(rig.entry(
                            "work || ' ' || kind || ' ' || cost_nano",
                            done.path("item_id").asText()))
                    .isEqualTo("transcription usage " + expected);
        }
    }

    @Test
    void aTokenBilledModelPaysByTheToken() throws Exception {
        try (WireClient client = rig.connect("acme", "?intent=transcription")) {
            client.await("session.created");
            client.send(update("gpt-4o-transcribe"));
            client.await("session.updated");
            client.speak(rig.simulator().recording()).send("{\"type\":\"input_audio_buffer.commit\"}");
            JsonNode done = client.await("conversation.item.input_audio_transcription.completed");
            JsonNode usage = done.path("usage");
            long expected = usage.path("input_token_details")
                                    .path("text_tokens")
                                    .asLong()
                            * 2_500
                    + usage.path("input_token_details").path("audio_tokens").asLong() * 6_000
                    + usage.path("output_tokens").asLong() * 10_000;

            assertThat(Long.parseLong(
                            rig.entry("cost_nano", done.path("item_id").asText())))
                    .isEqualTo(expected);
        }
    }

    @Test
    void absentUsageIsEstimatedFromTheAudio() throws Exception {
        rig.scriptNext("{\"transcriptionUsage\":\"absent\"}");
        try (WireClient client = rig.connect("acme", "?intent=transcription")) {
            client.await("session.created");
            client.send(update("whisper-1"));
            client.await("session.updated");
            client.speak(new byte[96_000]).send("{\"type\":\"input_audio_buffer.commit\"}");
            JsonNode done = client.await("conversation.item.input_audio_transcription.completed");

            assertThat(rig.entry("kind", done.path("item_id").asText())).isEqualTo("estimated");
            assertThat(Long.parseLong(rig.entry("millis", done.path("item_id").asText())))
                    .isBetween(2_000L, 2_100L);
        }
    }

    @Test
    void aFailedTranscriptionCostsNothing() throws Exception {
        rig.scriptNext("{\"transcriptionFails\":{\"type\":\"transcription_error\",\"code\":\"audio_unintelligible\","
                + "\"message\":\"no\",\"param\":null}}");
        long before = rig.entries("acme");
        try (WireClient client = rig.connect("acme", "?intent=transcription")) {
            client.await("session.created");
            client.send(update("whisper-1"));
            client.await("session.updated");
            client.speak(new byte[96_000]).send("{\"type\":\"input_audio_buffer.commit\"}");
            client.await("conversation.item.input_audio_transcription.failed");
        }
        rig.assertQuiet("acme");
        assertThat(rig.entries("acme")).isEqualTo(before);
    }

    @Test
    void transcriptionInAConversationIsBilledBesideTheResponse() throws Exception {
        try (WireClient client = rig.connect("acme")) {
            client.await("session.created");
            client.send("{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"audio\":{\"input\":"
                    + "{\"transcription\":{\"model\":\"gpt-4o-mini-transcribe\"}}}}}");
            client.await("session.updated");
            client.speak(rig.simulator().recording()).speak(new byte[96_000]);
            client.await("response.done");
            BrokerRig.eventually(
                    "both entries",
                    () -> client.types().contains("conversation.item.input_audio_transcription.completed"));
        }
    }

    @Test
    void unknownAndForbiddenModelsAreRefusedAndTheValidOnesNamed() throws Exception {
        try (WireClient client = rig.connect("acme", "?intent=transcription")) {
            client.await("session.created");
            client.send(update("gpt-nonsense"));
            JsonNode error = client.await("error").path("error");

            assertThat(error.path("param").asText()).isEqualTo("session.audio.input.transcription.model");
            assertThat(error.path("message").asText()).contains("whisper-1");
        }
    }

    private static String update(String model) {
        return "{\"type\":\"session.update\",\"session\":{\"type\":\"transcription\",\"audio\":{\"input\":{\"format\":"
                + "{\"type\":\"audio/pcm\",\"rate\":24000},\"transcription\":{\"model\":\"" + model
                + "\"},\"turn_detection\":null}}}}";
    }
}
