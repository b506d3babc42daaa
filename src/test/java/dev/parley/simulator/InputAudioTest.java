package dev.parley.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.conversation.AudioFormat;
import dev.parley.conversation.Trees;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InputAudioTest {
    /** Where the recording's two sentences are, in milliseconds. */
    private static final int FIRST_START = 250;

    private static final int FIRST_END = 3_230;
    private static final int SECOND_START = 4_130;
    private static final int SECOND_END = 6_170;

    @RegisterExtension
    static final SimulatorTester TESTER = new SimulatorTester();

    @Test
    void findsTheTwoTurnsOfTheRecording() throws Exception {
        RealtimeClient client =
                listening("{\"type\":\"server_vad\",\"silence_duration_ms\":500,\"create_response\":false}");
        client.speak(TESTER.simulator().recording());
        client.await("input_audio_buffer.committed");
        client.await("input_audio_buffer.committed");

        List<JsonNode> started = client.ofType("input_audio_buffer.speech_started");
        List<JsonNode> stopped = client.ofType("input_audio_buffer.speech_stopped");
        assertThat(started).hasSize(2);
        assertThat(started.get(0).path("audio_start_ms").asInt()).isCloseTo(Math.max(0, FIRST_START - 300), within(80));
        assertThat(stopped.get(0).path("audio_end_ms").asInt()).isCloseTo(FIRST_END + 500, within(80));
        assertThat(started.get(1).path("audio_start_ms").asInt()).isCloseTo(SECOND_START - 300, within(80));
        assertThat(stopped.get(1).path("audio_end_ms").asInt()).isCloseTo(SECOND_END + 500, within(80));
        assertThat(client.types()).doesNotContain("response.created");
    }

    @Test
    void findsTheSameTurnsWhateverTheSizeOfTheAppends() throws Exception {
        RealtimeClient coarse =
                listening("{\"type\":\"server_vad\",\"silence_duration_ms\":500,\"create_response\":false}");
        coarse.speak(TESTER.simulator().recording(), 1 << 20);
        coarse.await("input_audio_buffer.committed");
        coarse.await("input_audio_buffer.committed");
        RealtimeClient fine =
                listening("{\"type\":\"server_vad\",\"silence_duration_ms\":500,\"create_response\":false}");
        fine.speak(TESTER.simulator().recording(), 960);
        fine.await("input_audio_buffer.committed");
        fine.await("input_audio_buffer.committed");

        assertThat(borders(coarse)).isEqualTo(borders(fine)).hasSize(4);
    }

    @Test
    void hearsNothingInSilenceOrBelowTheThreshold() throws Exception {
        RealtimeClient client = listening("{\"type\":\"server_vad\",\"threshold\":1.0}");
        client.speak(new byte[48 * 3_000]);
        client.speak(quieter(TESTER.simulator().recording(), 4_000));
        client.send("{\"type\":\"input_audio_buffer.clear\"}").await("input_audio_buffer.cleared");

        assertThat(client.types()).doesNotContain("input_audio_buffer.speech_started");
    }

    @ParameterizedTest
    @ValueSource(strings = {"high", "medium", "low", "auto"})
    void findsTurnsByEagerness(String eagerness) throws Exception {
        RealtimeClient client =
                listening("{\"type\":\"semantic_vad\",\"eagerness\":\"" + eagerness + "\",\"create_response\":false}");
        client.speak(TESTER.simulator().recording());
        client.speak(new byte[48 * 2_000]);
        client.await("input_audio_buffer.speech_stopped");
        client.send("{\"type\":\"input_audio_buffer.clear\"}").await("input_audio_buffer.cleared");

        assertThat(client.ofType("input_audio_buffer.speech_stopped"))
                .as("low waits out the pause of 0.9 s between the sentences")
                .hasSize(eagerness.equals("low") ? 1 : 2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"audio/pcmu", "audio/pcma"})
    void findsTurnsInTelephoneAudio(String format) throws Exception {
        RealtimeClient client = TESTER.conversation();
        client.send(
                "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"audio\":{\"input\":{\"format\":{\"type\":\""
                        + format
                        + "\"},\"turn_detection\":{\"silence_duration_ms\":500,\"create_response\":false}}}}}");
        client.await("session.updated");
        AudioFormat audioFormat = AudioFormat.of(Trees.object().put("type", format));
        client.speak(Voice.recorded().speak(0, Voice.recorded().millis(), audioFormat), 160);
        client.await("input_audio_buffer.committed");
        client.await("input_audio_buffer.committed");

        assertThat(client.ofType("input_audio_buffer.speech_stopped")
                        .get(1)
                        .path("audio_end_ms")
                        .asInt())
                .isCloseTo(SECOND_END + 500, within(100));
    }

    @Test
    void interruptsTheRunningResponse() throws Exception {
        TESTER.script("{\"deltaIntervalMillis\":20,\"outputTokens\":2000}");
        RealtimeClient client = TESTER.conversation();
        client.say("talk for long").send("{\"type\":\"response.create\"}").await("response.output_audio.delta");
        client.speak(Arrays.copyOf(TESTER.simulator().recording(), 48 * 2_000));
        JsonNode response = client.awaitResponse();

        assertThat(response.path("status").asText()).isEqualTo("cancelled");
        assertThat(response.at("/status_details/reason").asText()).isEqualTo("turn_detected");
        assertThat(response.at("/output/0/status").asText()).isEqualTo("incomplete");
        assertThat(response.at("/usage/output_token_details/audio_tokens").asInt())
                .as("what was generated")
                .isBetween(1, 5 * 2_000);
        assertThat(client.types()).contains("input_audio_buffer.speech_started");
    }

    @Test
    void letsTheResponseRunWhenInterruptionIsOff() throws Exception {
        TESTER.script("{\"deltaIntervalMillis\":3,\"outputTokens\":60}");
        RealtimeClient client = listening("{\"type\":\"server_vad\",\"interrupt_response\":false}");
        client.say("talk").send("{\"type\":\"response.create\"}").await("response.output_audio.delta");
        client.speak(Arrays.copyOf(TESTER.simulator().recording(), 48 * 3_700));
        JsonNode first = client.awaitResponse();
        JsonNode second = client.awaitResponse();

        assertThat(first.path("status").asText()).isEqualTo("completed");
        assertThat(second.path("status").asText())
                .as("of the turn that ended meanwhile")
                .isEqualTo("completed");
    }

    @Test
    void answersWhenTheUserIsIdle() throws Exception {
        TESTER.script("{\"idleTimeoutMillis\":30}");
        RealtimeClient client = listening("{\"type\":\"server_vad\",\"idle_timeout_ms\":5000}");
        client.say("hi").send("{\"type\":\"response.create\"}").awaitResponse();
        JsonNode timeout = client.await("input_audio_buffer.timeout_triggered");
        JsonNode committed = client.await("input_audio_buffer.committed");

        assertThat(committed.path("item_id")).isEqualTo(timeout.path("item_id"));
        assertThat(client.awaitResponse().path("status").asText()).isEqualTo("completed");
    }

    @Test
    void commitsByHandWithoutAResponse() throws Exception {
        RealtimeClient client = listening("null");
        client.speak(Arrays.copyOf(TESTER.simulator().recording(), 48 * 1_000));
        client.send("{\"type\":\"input_audio_buffer.commit\"}");
        JsonNode committed = client.await("input_audio_buffer.committed");
        JsonNode item = client.await("conversation.item.done").path("item");

        assertThat(committed.path("previous_item_id").isNull()).isTrue();
        assertThat(Trees.write(item))
                .isEqualTo(
                        "{\"id\":\"" + committed.path("item_id").asText()
                                + "\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"user\",\"content\":[{\"type\":\"input_audio\",\"transcript\":null}]}");
        client.send("{\"type\":\"input_audio_buffer.clear\"}").await("input_audio_buffer.cleared");
        assertThat(client.types()).doesNotContain("response.created");
    }

    @Test
    void refusesACommitOfLessThanATenthOfASecond() throws Exception {
        RealtimeClient client = listening("null");
        client.speak(new byte[48 * 99]);
        JsonNode error = client.send("{\"type\":\"input_audio_buffer.commit\",\"event_id\":\"c\"}")
                .awaitError();
        client.speak(new byte[48]).send("{\"type\":\"input_audio_buffer.commit\"}");

        assertThat(error.path("code").asText()).isEqualTo("input_audio_buffer_commit_empty");
        assertThat(error.path("message").asText()).contains("at least 100ms").contains("only has 99.00ms");
        assertThat(error.path("event_id").asText()).isEqualTo("c");
        assertThat(client.await("input_audio_buffer.committed").has("item_id")).isTrue();
    }

    @Test
    void forgetsWhatWasCleared() throws Exception {
        RealtimeClient client = listening("null");
        client.speak(new byte[48 * 500]);
        client.send("{\"type\":\"input_audio_buffer.clear\"}").await("input_audio_buffer.cleared");
        assertThat(client.send("{\"type\":\"input_audio_buffer.commit\"}")
                        .awaitError()
                        .path("message")
                        .asText())
                .contains("only has 0.00ms");
    }

    @Test
    void refusesWhatIsNotBase64() throws Exception {
        RealtimeClient client = listening("null");
        JsonNode wrong = client.send("{\"type\":\"input_audio_buffer.append\",\"audio\":\"*!*\"}")
                .awaitError();
        JsonNode missing =
                client.send("{\"type\":\"input_audio_buffer.append\"}").awaitError();

        assertThat(wrong.path("message").asText())
                .contains("Expected base64-encoded audio bytes (mono PCM16 at 24kHz)");
        assertThat(wrong.path("param").asText()).isEqualTo("audio");
        assertThat(missing.path("code").asText()).isEqualTo("missing_required_parameter");
    }

    @Test
    void takesAnAppendOfFifteenMebibytes() throws Exception {
        RealtimeClient client = listening("null");
        String audio = Base64.getEncoder().encodeToString(new byte[15 << 20]);
        client.send("{\"type\":\"input_audio_buffer.append\",\"audio\":\"" + audio + "\"}");
        client.send("{\"type\":\"input_audio_buffer.commit\"}").await("input_audio_buffer.committed");
        client.send("{\"type\":\"response.create\",\"response\":{\"output_modalities\":[\"text\"]}}");

        int millis = (15 << 20) / 48;
        assertThat(client.awaitResponse()
                        .at("/usage/input_token_details/audio_tokens")
                        .asInt())
                .isEqualTo(Math.ceilDiv(millis, 100));
    }

    @Test
    void refusesMoreThanTheBufferHolds() throws Exception {
        RealtimeClient client = listening("null");
        String audio = Base64.getEncoder().encodeToString(new byte[15 << 20]);
        for (int i = 0; i < 3; i++) {
            client.send("{\"type\":\"input_audio_buffer.append\",\"audio\":\"" + audio + "\"}");
        }
        assertThat(client.awaitError().path("param").asText()).isEqualTo("audio");
    }

    private static RealtimeClient listening(String turnDetection) throws Exception {
        RealtimeClient client = TESTER.conversation();
        client.send(
                "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"audio\":{\"input\":{\"turn_detection\":"
                        + turnDetection + "}}}}");
        client.await("session.updated");
        return client;
    }

    private static List<Integer> borders(RealtimeClient client) {
        return client.seen().stream()
                .filter(event -> event.path("type").asText().startsWith("input_audio_buffer.speech"))
                .map(event -> event.path("audio_start_ms")
                        .asInt(event.path("audio_end_ms").asInt()))
                .toList();
    }

    private static byte[] quieter(byte[] pcm, int divisor) {
        byte[] quiet = new byte[pcm.length];
        for (int i = 0; i + 1 < pcm.length; i += 2) {
            int sample = AudioFormat.PCM.sampleAt(pcm, i) / divisor;
            quiet[i] = (byte) sample;
            quiet[i + 1] = (byte) (sample >> 8);
        }
        return quiet;
    }
}
