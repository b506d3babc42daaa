package dev.parley.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;

class ConversationTest {
    @Test
    void answersTextInTheOrderOfTheWire() throws Exception {
        try (SimulatorTester tester = new SimulatorTester()) {
            RealtimeClient client = tester.textConversation();
            client.say("hi there").await("conversation.item.done");
            client.send("{\"type\":\"response.create\",\"response\":{\"metadata\":{\"k\":\"v\"}}}");
            JsonNode response = client.awaitResponse();
            client.await("rate_limits.updated");

            assertThat(client.typesOnce())
                    .containsExactly(
                            "session.created",
                            "session.updated",
                            "conversation.item.added",
                            "conversation.item.done",
                            "response.created",
                            "response.output_item.added",
                            "conversation.item.added",
                            "response.content_part.added",
                            "response.output_text.delta",
                            "response.output_text.done",
                            "response.content_part.done",
                            "conversation.item.done",
                            "response.output_item.done",
                            "response.done",
                            "rate_limits.updated");
            assertThat(response.path("status").asText()).isEqualTo("completed");
            assertThat(response.at("/metadata/k").asText()).isEqualTo("v");
            assertThat(response.at("/output/0/content/0/text").asText()).contains("hi there");
        }
    }

    @Test
    void answersSpeechThatVoiceActivityFinds() throws Exception {
        try (SimulatorTester tester = new SimulatorTester()) {
            RealtimeClient client = tester.conversation();
            client.await("session.created");
            client.speak(tester.simulator().recording());
            client.await("input_audio_buffer.speech_stopped");
            JsonNode response = client.awaitResponse();

            assertThat(response.at("/usage/output_token_details/audio_tokens").asInt())
                    .isPositive();
            assertThat(client.typesOnce())
                    .containsSubsequence(
                            "session.created",
                            "input_audio_buffer.speech_started",
                            "input_audio_buffer.speech_stopped",
                            "input_audio_buffer.committed",
                            "conversation.item.added",
                            "conversation.item.done",
                            "response.created",
                            "response.output_item.added",
                            "conversation.item.added",
                            "response.content_part.added",
                            "response.output_audio.done",
                            "response.output_audio_transcript.done",
                            "response.content_part.done",
                            "conversation.item.done",
                            "response.output_item.done",
                            "response.done");
        }
    }
}
