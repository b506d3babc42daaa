package dev.parley.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.conversation.AudioFormat;
import dev.parley.conversation.Trees;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TranscriptionsTest {
    private static final String COMPLETED = "conversation.item.input_audio_transcription.completed";

    @RegisterExtension
    static final SimulatorTester TESTER = new SimulatorTester();

    @ParameterizedTest
    @ValueSource(strings = {"gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-4o-transcribe-diarize"})
    void billsTokens(String model) throws Exception {
        JsonNode completed = transcribe(model, 2_050);
        int words = Math.ceilDiv(completed.path("transcript").asText().length(), 4);

        assertThat(Trees.write(completed.path("usage")))
                .isEqualTo(
                        "{\"type\":\"tokens\",\"total_tokens\":%d,\"input_tokens\":21,\"input_token_details\":{\"text_tokens\":0,\"audio_tokens\":21},\"output_tokens\":%d}"
                                .formatted(21 + words, words));
    }

    @ParameterizedTest
    @ValueSource(strings = {"whisper-1", "gpt-transcribe", "gpt-live-transcribe", "gpt-realtime-whisper"})
    void billsSeconds(String model) throws Exception {
        assertThat(Trees.write(transcribe(model, 1_400).path("usage")))
                .isEqualTo("{\"type\":\"duration\",\"seconds\":1.4}");
    }

    @Test
    void hearsTheRecordingInATranscriptionSession() throws Exception {
        RealtimeClient client = TESTER.transcription();
        client.send("""
                {"type":"session.update","session":{"type":"transcription","audio":{"input":{
                "transcription":{"model":"gpt-4o-transcribe"},"turn_detection":{"type":"server_vad","silence_duration_ms":500}}}}}""");
        client.speak(TESTER.simulator().recording());
        JsonNode first = client.await(COMPLETED);
        JsonNode second = client.await(COMPLETED);

        assertThat(first.path("transcript").asText()).startsWith("Hello there. I have a question about the weather.");
        assertThat(second.path("item_id")).isNotEqualTo(first.path("item_id"));
        String pieces = String.join(
                "",
                client.ofType("conversation.item.input_audio_transcription.delta").stream()
                        .filter(delta -> delta.path("item_id").equals(first.path("item_id")))
                        .map(delta -> delta.path("delta").asText())
                        .toList());
        assertThat(pieces).isEqualTo(first.path("transcript").asText());
        assertThat(client.types()).doesNotContain("response.created");
        assertThat(client.send("{\"type\":\"response.create\"}")
                        .awaitError()
                        .path("param")
                        .asText())
                .isEqualTo("type");
    }

    @Test
    void transcribesInsideAConversation() throws Exception {
        RealtimeClient client = TESTER.conversation();
        client.send(
                "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"audio\":{\"input\":{\"transcription\":{\"model\":\"whisper-1\"}}}}}");
        client.speak(Arrays.copyOf(TESTER.simulator().recording(), 48 * 3_700));
        JsonNode completed = client.await(COMPLETED);

        assertThat(completed.at("/usage/type").asText()).isEqualTo("duration");
        assertThat(client.ofType("input_audio_buffer.committed").stream()
                        .map(event -> event.path("item_id").asText()))
                .contains(completed.path("item_id").asText());
    }

    @Test
    void completesOutOfOrderByScript() throws Exception {
        TESTER.script("{\"transcriptionDelayMillis\":[150,1]}");
        RealtimeClient client = transcriber("gpt-4o-transcribe");
        commit(client, 500);
        commit(client, 800);
        List<JsonNode> completed = List.of(client.await(COMPLETED), client.await(COMPLETED));

        List<JsonNode> committed = client.ofType("input_audio_buffer.committed");
        assertThat(completed.get(0).path("item_id")).isEqualTo(committed.get(1).path("item_id"));
        assertThat(completed.get(1).path("item_id")).isEqualTo(committed.get(0).path("item_id"));
    }

    @Test
    void failsByScriptWithoutUsage() throws Exception {
        TESTER.script("{\"transcriptionFails\":{}}");
        RealtimeClient client = transcriber("gpt-4o-transcribe");
        commit(client, 500);
        JsonNode failed = client.await("conversation.item.input_audio_transcription.failed");

        assertThat(failed.at("/error/code").asText()).isEqualTo("audio_unintelligible");
        assertThat(failed.has("usage")).isFalse();
        assertThat(TESTER.books().find(failed.path("item_id").asText()))
                .hasValueSatisfying(booking -> assertThat(booking.status()).isEqualTo("failed"));
    }

    @Test
    void tellsTheUsageThatTheScriptWants() throws Exception {
        TESTER.script("{\"transcriptionUsage\":\"absent\",\"transcript\":\"so it is\"}");
        JsonNode absent = transcribe("whisper-1", 500);
        TESTER.script("{\"transcriptionUsage\":\"tokens\"}");
        JsonNode tokens = transcribe("whisper-1", 500);
        TESTER.script("{\"transcriptionUsage\":\"duration\"}");
        JsonNode duration = transcribe("gpt-4o-transcribe", 500);

        assertThat(absent.has("usage")).isFalse();
        assertThat(absent.path("transcript").asText()).isEqualTo("so it is");
        assertThat(tokens.at("/usage/type").asText()).isEqualTo("tokens");
        assertThat(duration.at("/usage/seconds").asDouble()).isEqualTo(0.5);
    }

    private static RealtimeClient transcriber(String model) throws Exception {
        RealtimeClient client = TESTER.transcription();
        client.send("""
                {"type":"session.update","session":{"type":"transcription","audio":{"input":{
                "transcription":{"model":"%s"},"turn_detection":null}}}}""".formatted(model));
        client.await("session.updated");
        return client;
    }

    private static void commit(RealtimeClient client, int millis) throws Exception {
        client.speak(Voice.recorded().speak(300, millis, AudioFormat.PCM));
        client.send("{\"type\":\"input_audio_buffer.commit\"}").await("input_audio_buffer.committed");
    }

    private static JsonNode transcribe(String model, int millis) throws Exception {
        RealtimeClient client = transcriber(model);
        commit(client, millis);
        JsonNode completed = client.await(COMPLETED);
        client.close();
        return completed;
    }
}
