package dev.parley.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ConversationTest {
    @RegisterExtension
    static final SimulatorTester TESTER = new SimulatorTester();

    @Test
    void answersTextInTheOrderOfTheWire() throws Exception {
        RealtimeClient client = TESTER.textConversation();
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

    @Test
    void answersSpeechInTheOrderOfTheWire() throws Exception {
        RealtimeClient client = TESTER.conversation();
        client.send("""
                {"type":"session.update","session":{"type":"realtime",
                "audio":{"input":{"turn_detection":{"silence_duration_ms":500}}}}}""");
        client.speak(firstSentence());
        JsonNode response = client.awaitResponse();

        assertThat(client.typesOnce().stream()
                        .filter(type -> !type.equals("response.output_audio.delta")
                                && !type.equals("response.output_audio_transcript.delta"))
                        .toList())
                .containsExactly(
                        "session.created",
                        "session.updated",
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
        String item = client.ofType("input_audio_buffer.speech_started")
                .getFirst()
                .path("item_id")
                .asText();
        assertThat(client.ofType("input_audio_buffer.committed")
                        .getFirst()
                        .path("item_id")
                        .asText())
                .isEqualTo(item);
        assertThat(response.at("/output/0/content/0/type").asText()).isEqualTo("output_audio");
        assertThat(response.at("/output/0/content/0/transcript").asText()).startsWith("I heard you speak for");
        assertThat(response.at("/output/0/content/0/audio").isMissingNode()).isTrue();
    }

    @Test
    void givesEachEventItsOwnIdFirstAfterItsType() throws Exception {
        RealtimeClient client = TESTER.textConversation();
        client.say("hi").send("{\"type\":\"response.create\"}").awaitResponse();

        assertThat(client.seen()).allSatisfy(event -> assertThat(names(event)).startsWith("type", "event_id"));
        assertThat(client.seen().stream()
                        .map(event -> event.path("event_id").asText())
                        .distinct())
                .hasSameSizeAs(client.seen())
                .allSatisfy(id -> assertThat(id).startsWith("event_"));
    }

    @Test
    void shapesEventsAsTheProviderDoes() throws Exception {
        RealtimeClient client = TESTER.textConversation();
        client.say("hi").send("{\"type\":\"response.create\"}").awaitResponse();

        assertThat(names(client.ofType("session.created").getFirst().path("session")))
                .containsExactly(
                        "type",
                        "object",
                        "id",
                        "model",
                        "output_modalities",
                        "instructions",
                        "tools",
                        "tool_choice",
                        "max_output_tokens",
                        "tracing",
                        "truncation",
                        "prompt",
                        "expires_at",
                        "audio",
                        "include");
        JsonNode created = client.ofType("response.created").getFirst().path("response");
        assertThat(names(created))
                .containsExactly(
                        "object",
                        "id",
                        "status",
                        "status_details",
                        "output",
                        "conversation_id",
                        "output_modalities",
                        "max_output_tokens",
                        "audio",
                        "usage",
                        "metadata");
        assertThat(created.path("usage").isNull()).isTrue();
        assertThat(names(client.ofType("response.output_text.delta").getFirst()))
                .containsExactly(
                        "type",
                        "event_id",
                        "response_id",
                        "item_id",
                        "output_index",
                        "content_index",
                        "delta",
                        "obfuscation");
        assertThat(names(client.ofType("conversation.item.added").getFirst().path("item")))
                .containsExactly("id", "type", "status", "role", "content");
        assertThat(client.ofType("response.output_text.delta"))
                .allSatisfy(delta -> assertThat(delta.path("delta").asText().length()
                                + delta.path("obfuscation").asText().length())
                        .isEqualTo(16));
    }

    @Test
    void saysInPiecesWhatItSaysAsAWhole() throws Exception {
        RealtimeClient client = TESTER.textConversation();
        client.say("naïve 👋🏽 日本語 text that spans pieces");
        client.send("{\"type\":\"response.create\",\"response\":{\"output_modalities\":[\"audio\"]}}");
        client.awaitResponse();

        String pieces = String.join(
                "",
                client.ofType("response.output_audio_transcript.delta").stream()
                        .map(event -> event.path("delta").asText())
                        .toList());
        assertThat(pieces)
                .contains("naïve 👋🏽 日本語")
                .isEqualTo(client.ofType("response.output_audio_transcript.done")
                        .getFirst()
                        .path("transcript")
                        .asText());
    }

    @Test
    void continuesThePreviousItemIdAlongTheConversation() throws Exception {
        RealtimeClient client = TESTER.textConversation();
        client.say("one").send("{\"type\":\"response.create\"}").awaitResponse();
        client.say("two").await("conversation.item.done");

        List<JsonNode> added = client.ofType("conversation.item.added");
        assertThat(added).hasSize(3);
        assertThat(added.get(0).path("previous_item_id").isNull()).isTrue();
        assertThat(added.get(1).path("previous_item_id")).isEqualTo(added.get(0).at("/item/id"));
        assertThat(added.get(2).path("previous_item_id")).isEqualTo(added.get(1).at("/item/id"));
    }

    @Test
    void marksAnswersOfTheSecondGenerationWithTheirPhase() throws Exception {
        RealtimeClient client = TESTER.connect("/v1/realtime?model=gpt-realtime-2.1");
        JsonNode session = client.await("session.created").path("session");
        client.say("hi").send("{\"type\":\"response.create\"}");

        assertThat(session.at("/reasoning/effort").asText()).isEqualTo("low");
        assertThat(session.path("parallel_tool_calls").asBoolean()).isTrue();
        assertThat(client.awaitResponse().at("/output/0/phase").asText()).isEqualTo("final_answer");
    }

    @Test
    void refusesUnknownEventsAndBrokenOnesAndStaysOpen() throws Exception {
        RealtimeClient client = TESTER.textConversation();
        JsonNode unknown =
                client.send("{\"type\":\"foo.bar\",\"event_id\":\"mine\"}").awaitError();
        JsonNode broken = client.send("{\"type\":").awaitError();
        JsonNode untyped = client.send("{\"event_id\":\"x\"}").awaitError();
        JsonNode extra = client.send("{\"type\":\"response.cancel\",\"foo\":1}").awaitError();
        client.socket().writeBinaryMessage(io.vertx.core.buffer.Buffer.buffer("bytes"));
        JsonNode binary = client.awaitError();

        assertThat(unknown.path("code").asText()).isEqualTo("invalid_value");
        assertThat(unknown.path("param").asText()).isEqualTo("type");
        assertThat(unknown.path("event_id").asText()).isEqualTo("mine");
        assertThat(names(unknown)).containsExactly("type", "code", "message", "param", "event_id");
        assertThat(broken.path("code").asText()).isEqualTo("invalid_event");
        assertThat(untyped.path("code").asText()).isEqualTo("missing_required_parameter");
        assertThat(extra.path("code").asText()).isEqualTo("unknown_parameter");
        assertThat(binary.path("code").asText()).isEqualTo("invalid_event");
        assertThat(client.say("still here")
                        .await("conversation.item.done")
                        .at("/item/role")
                        .asText())
                .isEqualTo("user");
    }

    private static byte[] firstSentence() {
        return java.util.Arrays.copyOf(TESTER.simulator().recording(), 48 * 3_900);
    }

    private static List<String> names(JsonNode object) {
        List<String> names = new java.util.ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        assertThat(Set.copyOf(names)).hasSameSizeAs(names);
        return names;
    }
}
