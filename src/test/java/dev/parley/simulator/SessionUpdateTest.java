package dev.parley.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.conversation.Trees;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SessionUpdateTest {
    @RegisterExtension
    static final SimulatorTester TESTER = new SimulatorTester();

    @Test
    void mergesByPresence() throws Exception {
        RealtimeClient client = TESTER.conversation();
        JsonNode before = client.await("session.created").path("session");
        JsonNode after = update(client, "{\"type\":\"realtime\",\"audio\":{\"output\":{\"speed\":1.2}}}");

        assertThat(after.at("/audio/output/speed").asDouble()).isEqualTo(1.2);
        assertThat(after.at("/audio/output/voice")).isEqualTo(before.at("/audio/output/voice"));
        assertThat(after.at("/audio/input")).isEqualTo(before.at("/audio/input"));
        assertThat(after.path("instructions")).isEqualTo(before.path("instructions"));
    }

    @Test
    void tellsNullFromAbsent() throws Exception {
        RealtimeClient client = TESTER.conversation();
        JsonNode off = update(client, "{\"type\":\"realtime\",\"audio\":{\"input\":{\"turn_detection\":null}}}");
        JsonNode unchanged = update(client, "{\"type\":\"realtime\",\"instructions\":\"\"}");

        assertThat(off.at("/audio/input/turn_detection").isNull()).isTrue();
        assertThat(unchanged.at("/audio/input/turn_detection").isNull()).isTrue();
        assertThat(unchanged.path("instructions").asText("none")).isEmpty();
    }

    @Test
    void fillsTurnDetectionWithTheDefaultsOfItsKind() throws Exception {
        RealtimeClient client = TESTER.conversation();
        JsonNode semantic = update(
                client,
                "{\"type\":\"realtime\",\"audio\":{\"input\":{\"turn_detection\":{\"type\":\"semantic_vad\"}}}}");
        JsonNode server = update(
                client,
                "{\"type\":\"realtime\",\"audio\":{\"input\":{\"turn_detection\":{\"type\":\"server_vad\",\"threshold\":0.7}}}}");
        JsonNode partly = update(
                client,
                "{\"type\":\"realtime\",\"audio\":{\"input\":{\"turn_detection\":{\"silence_duration_ms\":500}}}}");

        assertThat(Trees.write(semantic.at("/audio/input/turn_detection")))
                .isEqualTo(
                        "{\"type\":\"semantic_vad\",\"eagerness\":\"auto\",\"create_response\":true,\"interrupt_response\":true}");
        assertThat(server.at("/audio/input/turn_detection/prefix_padding_ms").asInt())
                .isEqualTo(300);
        assertThat(partly.at("/audio/input/turn_detection/threshold").asDouble())
                .isEqualTo(0.7);
        assertThat(partly.at("/audio/input/turn_detection/silence_duration_ms").asInt())
                .isEqualTo(500);
    }

    @Test
    void takesTheSameModelAndRefusesAnother() throws Exception {
        RealtimeClient client = TESTER.conversation();
        update(client, "{\"type\":\"realtime\",\"model\":\"gpt-realtime\"}");
        client.send(
                "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"model\":\"gpt-realtime-mini\"}}");
        assertThat(client.awaitError().path("param").asText()).isEqualTo("session.model");
    }

    @Test
    void locksTheVoiceAfterTheFirstAudio() throws Exception {
        RealtimeClient client = TESTER.conversation();
        update(client, "{\"type\":\"realtime\",\"audio\":{\"output\":{\"voice\":\"cedar\"}}}");
        client.say("hi").send("{\"type\":\"response.create\"}").awaitResponse();
        update(client, "{\"type\":\"realtime\",\"audio\":{\"output\":{\"voice\":\"cedar\"}}}");
        client.send(
                "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"audio\":{\"output\":{\"voice\":\"ash\"}}}}");

        assertThat(client.awaitError().path("code").asText()).isEqualTo("cannot_update_voice");
    }

    @Test
    void changesNothingWhenOneMemberIsWrong() throws Exception {
        RealtimeClient client = TESTER.conversation();
        client.send(
                "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"instructions\":\"new\",\"tool_choice\":\"maybe\"}}");
        client.awaitError();

        assertThat(update(client, "{\"type\":\"realtime\"}")
                        .path("instructions")
                        .asText())
                .isNotEqualTo("new");
    }

    @Test
    void keepsTracingOnceItIsSet() throws Exception {
        RealtimeClient client = TESTER.conversation();
        update(client, "{\"type\":\"realtime\",\"tracing\":\"auto\"}");
        client.send("{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"tracing\":null}}");
        assertThat(client.awaitError().path("param").asText()).isEqualTo("session.tracing");
    }

    @Test
    void updatesATranscriptionSession() throws Exception {
        RealtimeClient client = TESTER.transcription();
        JsonNode session = update(client, """
                {"type":"transcription","audio":{"input":{"format":{"type":"audio/pcm","rate":24000},
                "transcription":{"model":"gpt-live-transcribe","language":"en"},"turn_detection":null}}}""");
        client.send("{\"type\":\"session.update\",\"session\":{\"type\":\"transcription\",\"tools\":[]}}");
        JsonNode unknown = client.awaitError();
        client.send("{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\"}}");
        JsonNode swapped = client.awaitError();

        assertThat(session.at("/audio/input/transcription/language").asText()).isEqualTo("en");
        assertThat(unknown.path("param").asText()).isEqualTo("session.tools");
        assertThat(swapped.path("param").asText()).isEqualTo("session.type");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}|missing_required_parameter|session.type",
                "{\"type\":\"chat\"}|invalid_value|session.type",
                "{\"type\":\"realtime\",\"temperature\":0.8}|unknown_parameter|session.temperature",
                "{\"type\":\"realtime\",\"voice\":\"ash\"}|unknown_parameter|session.voice",
                "{\"type\":\"realtime\",\"output_modalities\":[\"text\",\"audio\"]}|invalid_value|session.output_modalities",
                "{\"type\":\"realtime\",\"output_modalities\":\"text\"}|invalid_type|session.output_modalities",
                "{\"type\":\"realtime\",\"max_output_tokens\":0}|invalid_value|session.max_output_tokens",
                "{\"type\":\"realtime\",\"max_output_tokens\":4097}|invalid_value|session.max_output_tokens",
                "{\"type\":\"realtime\",\"max_output_tokens\":\"lots\"}|invalid_value|session.max_output_tokens",
                "{\"type\":\"realtime\",\"instructions\":7}|invalid_type|session.instructions",
                "{\"type\":\"realtime\",\"tools\":[{\"name\":\"x\"}]}|missing_required_parameter|session.tools[0].type",
                "{\"type\":\"realtime\",\"tools\":[{\"type\":\"function\"}]}|missing_required_parameter|session.tools[0].name",
                "{\"type\":\"realtime\",\"tools\":[{\"type\":\"function\",\"name\":\"x\",\"function\":{}}]}|unknown_parameter|session.tools[0].function",
                "{\"type\":\"realtime\",\"audio\":{\"output\":{\"voice\":\"bob\"}}}|invalid_value|session.audio.output.voice",
                "{\"type\":\"realtime\",\"audio\":{\"output\":{\"speed\":2}}}|invalid_value|session.audio.output.speed",
                "{\"type\":\"realtime\",\"audio\":{\"input\":{\"format\":{\"type\":\"audio/mp3\"}}}}|invalid_value|session.audio.input.format.type",
                "{\"type\":\"realtime\",\"audio\":{\"input\":{\"format\":{\"type\":\"audio/pcm\",\"rate\":16000}}}}|invalid_value|session.audio.input.format.rate",
                "{\"type\":\"realtime\",\"audio\":{\"input\":{\"transcription\":{\"model\":\"nope\"}}}}|invalid_value|session.audio.input.transcription.model",
                "{\"type\":\"realtime\",\"audio\":{\"input\":{\"turn_detection\":{\"type\":\"server_vad\",\"threshold\":2}}}}|invalid_value|session.audio.input.turn_detection.threshold",
                "{\"type\":\"realtime\",\"audio\":{\"input\":{\"turn_detection\":{\"type\":\"server_vad\",\"idle_timeout_ms\":100}}}}|invalid_value|session.audio.input.turn_detection.idle_timeout_ms",
                "{\"type\":\"realtime\",\"audio\":{\"input\":{\"turn_detection\":{\"type\":\"semantic_vad\",\"idle_timeout_ms\":6000}}}}|unknown_parameter|session.audio.input.turn_detection.idle_timeout_ms",
                "{\"type\":\"realtime\",\"audio\":{\"input\":{\"turn_detection\":{\"type\":\"semantic_vad\",\"eagerness\":\"very\"}}}}|invalid_value|session.audio.input.turn_detection.eagerness",
                "{\"type\":\"realtime\",\"audio\":{\"input\":{\"noise_reduction\":{\"type\":\"best\"}}}}|invalid_value|session.audio.input.noise_reduction.type",
                "{\"type\":\"realtime\",\"truncation\":{\"type\":\"retention_ratio\",\"retention_ratio\":3}}|invalid_value|session.truncation.retention_ratio",
                "{\"type\":\"realtime\",\"include\":[\"everything\"]}|invalid_value|session.include[0]",
            },
            quoteCharacter = '\'')
    void refusesWhatIsWrong(String session, String code, String param) throws Exception {
        RealtimeClient client = TESTER.conversation();
        client.send("{\"type\":\"session.update\",\"event_id\":\"e\",\"session\":" + session + "}");
        JsonNode error = client.awaitError();

        assertThat(error.path("type").asText()).isEqualTo("invalid_request_error");
        assertThat(error.path("code").asText()).isEqualTo(code);
        assertThat(error.path("param").asText()).isEqualTo(param);
        assertThat(error.path("event_id").asText()).isEqualTo("e");
        client.close();
    }

    private static JsonNode update(RealtimeClient client, String session) throws Exception {
        client.send("{\"type\":\"session.update\",\"session\":" + session + "}");
        return client.await("session.updated").path("session");
    }
}
