package dev.parley.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.AudioFormat;
import dev.parley.conversation.Trees;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResponsesTest {
    private static final String WEATHER = """
            {"type":"function","name":"get_weather","description":"Tells the weather","parameters":{"type":"object",
            "properties":{"city":{"type":"string"},"days":{"type":"integer","minimum":2},
            "unit":{"type":"string","enum":["celsius","kelvin"]},"places":{"type":"array","items":{"type":"number"}},
            "exact":{"type":"boolean"}},"required":["city"]}}""";

    @RegisterExtension
    static final SimulatorTester TESTER = new SimulatorTester();

    @Test
    void runsOneResponseOfTheConversationAtATime() throws Exception {
        TESTER.script("{\"deltaIntervalMillis\":20,\"outputTokens\":500}");
        RealtimeClient client = TESTER.textConversation();
        client.say("hi").send("{\"type\":\"response.create\"}");
        String running = client.await("response.created").at("/response/id").asText();
        JsonNode error = client.send("{\"type\":\"response.create\",\"event_id\":\"second\"}")
                .awaitError();

        assertThat(error.path("code").asText()).isEqualTo("conversation_already_has_active_response");
        assertThat(error.path("message").asText()).contains(running);
        assertThat(error.path("event_id").asText()).isEqualTo("second");
        client.send("{\"type\":\"response.cancel\"}");
        JsonNode response = client.awaitResponse();
        assertThat(response.path("id").asText()).isEqualTo(running);
        assertThat(Trees.write(response.path("status_details")))
                .isEqualTo("{\"type\":\"cancelled\",\"reason\":\"client_cancelled\"}");
    }

    @Test
    void runsOutOfBandResponsesInParallelAndKeepsThemOutOfTheConversation() throws Exception {
        TESTER.script("{\"deltaIntervalMillis\":5,\"outputTokens\":40}");
        RealtimeClient client = TESTER.textConversation();
        client.say("the default").send("{\"type\":\"response.create\"}");
        for (int i = 0; i < 5; i++) {
            client.send(
                    "{\"type\":\"response.create\",\"response\":{\"conversation\":\"none\",\"metadata\":{\"topic\":\"t"
                            + i
                            + "\"},\"input\":[{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"n"
                            + i + "\"}]}]}}");
        }
        ObjectNode byTopic = Trees.object();
        for (int i = 0; i < 6; i++) {
            JsonNode response = client.awaitResponse();
            byTopic.set(response.at("/metadata/topic").asText("default"), response);
        }

        assertThat(byTopic.properties().stream().map(Map.Entry::getKey))
                .containsExactlyInAnyOrder("default", "t0", "t1", "t2", "t3", "t4");
        assertThat(byTopic.path("t3").path("conversation_id").isNull()).isTrue();
        assertThat(byTopic.path("t3").at("/output/0/content/0/text").asText()).contains("n3");
        assertThat(byTopic.path("default").path("conversation_id").asText()).startsWith("conv_");
        assertThat(client.ofType("conversation.item.added"))
                .as("what was said, and the default answer")
                .hasSize(2);
        int firstDone = client.types().indexOf("response.done");
        assertThat(client.types().subList(0, firstDone).stream()
                        .filter("response.created"::equals)
                        .count())
                .as("all ran at once")
                .isEqualTo(6);
    }

    @Test
    void answersReferencedItemsAndRefusesUnknownOnes() throws Exception {
        RealtimeClient client = TESTER.textConversation();
        client.send("""
                {"type":"conversation.item.create","item":{"id":"first","type":"message","role":"user",
                "content":[{"type":"input_text","text":"the apple"}]}}""");
        client.say("the pear");
        client.send("""
                {"type":"response.create","response":{"conversation":"none","input":[{"type":"item_reference","id":"first"}]}}""");
        assertThat(client.awaitResponse().at("/output/0/content/0/text").asText())
                .contains("the apple")
                .doesNotContain("the pear");
        client.send("""
                {"type":"response.create","response":{"conversation":"none","input":[{"type":"item_reference","id":"none"}]}}""");
        assertThat(client.awaitError().path("param").asText()).isEqualTo("response.input[0].id");
    }

    @Test
    void takesAnEmptyInputAsNoContext() throws Exception {
        RealtimeClient client = TESTER.textConversation();
        client.say("the apple");
        client.send("{\"type\":\"response.create\",\"response\":{\"instructions\":\"\",\"input\":[]}}");
        JsonNode response = client.awaitResponse();
        assertThat(response.at("/output/0/content/0/text").asText()).doesNotContain("apple");
        assertThat(response.at("/usage/input_tokens").asInt()).isZero();
    }

    @Test
    void cancelsOneOutOfBandResponseByItsId() throws Exception {
        TESTER.script("{\"deltaIntervalMillis\":20,\"outputTokens\":500}");
        RealtimeClient client = TESTER.textConversation();
        client.send("{\"type\":\"response.create\",\"response\":{\"conversation\":\"none\",\"input\":[]}}");
        String id = client.await("response.created").at("/response/id").asText();
        JsonNode none = client.send("{\"type\":\"response.cancel\"}").awaitError();
        client.send("{\"type\":\"response.cancel\",\"response_id\":\"" + id + "\"}");

        assertThat(none.path("code").asText()).isEqualTo("response_cancel_not_active");
        assertThat(none.path("message").asText()).isEqualTo("Cancellation failed: no active response found");
        assertThat(client.awaitResponse().path("status").asText()).isEqualTo("cancelled");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 50})
    void stopsExactlyAtTheMaximumOfOutputTokens(int max) throws Exception {
        RealtimeClient client = TESTER.conversation();
        client.say("say something that is long enough to need many more tokens than are allowed here");
        client.send("{\"type\":\"response.create\",\"response\":{\"max_output_tokens\":" + max + "}}");
        JsonNode response = client.awaitResponse();

        assertThat(response.path("status").asText()).isEqualTo("incomplete");
        assertThat(response.at("/status_details/reason").asText()).isEqualTo("max_output_tokens");
        assertThat(response.path("max_output_tokens").asInt()).isEqualTo(max);
        assertThat(response.at("/usage/output_tokens").asInt()).isEqualTo(max);
        assertThat(response.at("/output/0/status").asText()).isEqualTo("incomplete");
    }

    @Test
    void countsInputAndOutputByItsRule() throws Exception {
        RealtimeClient client = TESTER.textConversation();
        client.send("{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"instructions\":\"12345678\"}}");
        String audio = Base64.getEncoder().encodeToString(new byte[48 * 450]);
        client.send("""
                {"type":"conversation.item.create","item":{"type":"message","role":"user","content":[
                {"type":"input_text","text":"123456789"},{"type":"input_audio","audio":"%s"},
                {"type":"input_image","image_url":"data:image/png;base64,AAAA","detail":"low"}]}}""".formatted(audio));
        client.send("{\"type\":\"response.create\",\"response\":{\"output_modalities\":[\"audio\"]}}");
        JsonNode usage = client.awaitResponse().path("usage");
        String transcript = client.ofType("response.output_audio_transcript.done")
                .getFirst()
                .path("transcript")
                .asText();
        int text = Math.ceilDiv(transcript.length(), 4);

        assertThat(Trees.write(usage)).isEqualTo("""
                        {"total_tokens":%d,"input_tokens":95,"output_tokens":%d,"input_token_details":{"text_tokens":5,"audio_tokens":5,\
                        "image_tokens":85,"cached_tokens":0,"cached_tokens_details":{"text_tokens":0,"audio_tokens":0,"image_tokens":0}},\
                        "output_token_details":{"text_tokens":%d,"audio_tokens":%d}}""".formatted(95 + 6 * text, 6 * text, text, 5 * text));
    }

    @Test
    void countsTheWholeConversationAgainAndCachesItsStart() throws Exception {
        RealtimeClient client = TESTER.textConversation();
        client.say("a question that is long enough to fill some tokens of the prompt, and then a bit more of it");
        JsonNode first =
                client.send("{\"type\":\"response.create\"}").awaitResponse().path("usage");
        client.say("and another");
        JsonNode second =
                client.send("{\"type\":\"response.create\"}").awaitResponse().path("usage");

        assertThat(first.at("/input_token_details/cached_tokens").asInt()).isZero();
        assertThat(second.path("input_tokens").asInt())
                .isGreaterThan(first.path("input_tokens").asInt());
        assertThat(second.at("/input_token_details/cached_tokens").asInt())
                .isEqualTo(first.path("input_tokens").asInt() / 64 * 64)
                .isPositive();
    }

    @Test
    void callsTheFunctionThatTheUserAsksForAndSpeaksOfItsAnswer() throws Exception {
        RealtimeClient client = TESTER.textConversation();
        client.send("{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"tools\":[" + WEATHER + "]}}");
        client.say("What is the weather in Lyon today?");
        int before = client.seen().size();
        client.send("{\"type\":\"response.create\"}");
        JsonNode call = client.awaitResponse().at("/output/0");
        assertThat(client.typesOnce()
                        .subList(
                                client.typesOnce().indexOf("response.created"),
                                client.typesOnce().size()))
                .containsExactly(
                        "response.created",
                        "response.output_item.added",
                        "conversation.item.added",
                        "response.function_call_arguments.delta",
                        "response.function_call_arguments.done",
                        "response.output_item.done",
                        "conversation.item.done",
                        "response.done");
        assertThat(before).isPositive();
        assertThat(call.path("type").asText()).isEqualTo("function_call");
        assertThat(call.path("name").asText()).isEqualTo("get_weather");
        assertThat(call.path("arguments").asText())
                .isEqualTo("{\"city\":\"Lyon\",\"days\":2,\"unit\":\"celsius\",\"places\":[1.5],\"exact\":true}");
        JsonNode done = client.ofType("response.function_call_arguments.done").getFirst();
        assertThat(done.path("name").asText()).isEqualTo("get_weather");
        assertThat(done.path("arguments")).isEqualTo(call.path("arguments"));

        client.send("{\"type\":\"conversation.item.create\",\"item\":{\"type\":\"function_call_output\",\"call_id\":\""
                + call.path("call_id").asText() + "\",\"output\":\"{\\\"t\\\":21}\"}}");
        client.send("{\"type\":\"response.create\"}");
        assertThat(client.awaitResponse().at("/output/0/content/0/text").asText())
                .contains("{\"t\":21}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "\"required\"|function_call",
                "\"none\"|message",
                "\"auto\"|message",
                "{\"type\":\"function\",\"name\":\"get_weather\"}|function_call"
            })
    void heedsTheToolChoice(String choice, String type) throws Exception {
        RealtimeClient client = TESTER.textConversation();
        client.say("Tell me a joke");
        client.send("{\"type\":\"response.create\",\"response\":{\"tools\":[" + WEATHER + "],\"tool_choice\":" + choice
                + "}}");
        assertThat(client.awaitResponse().at("/output/0/type").asText()).isEqualTo(type);
    }

    @ParameterizedTest
    @CsvSource({"audio/pcm,48", "audio/pcmu,8", "audio/pcma,8"})
    void speaksAudiblyInEveryFormat(String type, int bytesPerMilli) throws Exception {
        RealtimeClient client = TESTER.conversation();
        client.send("{\"type\":\"response.create\",\"response\":{\"audio\":{\"output\":{\"format\":{\"type\":\"" + type
                + "\"}}}}}");
        JsonNode response = client.awaitResponse();
        AudioFormat format = AudioFormat.of(Trees.object().put("type", type));
        long bytes = 0;
        int loudest = 0;
        for (JsonNode delta : client.ofType("response.output_audio.delta")) {
            byte[] audio = Base64.getDecoder().decode(delta.path("delta").asText());
            bytes += audio.length;
            for (int at = 0; at + 1 < audio.length; at += format.bytesPerSample()) {
                loudest = Math.max(loudest, Math.abs(format.sampleAt(audio, at)));
            }
        }

        assertThat(response.at("/audio/output/format/type").asText()).isEqualTo(type);
        assertThat(bytes / bytesPerMilli)
                .isEqualTo(
                        response.at("/usage/output_token_details/audio_tokens").asLong() * 50);
        assertThat(loudest).isGreaterThan(5_000);
    }

    @Test
    void sendsAudioInDeltasOfAQuarterSecond() throws Exception {
        RealtimeClient client = TESTER.conversation();
        client.send("{\"type\":\"response.create\"}").awaitResponse();
        assertThat(client.ofType("response.output_audio.delta"))
                .isNotEmpty()
                .allSatisfy(delta -> assertThat(Trees.write(delta).length()).isBetween(16_000, 16_400));
    }

    @Test
    void failsWhatExceedsTheContextWhenTruncationIsDisabled() throws Exception {
        RealtimeClient client = TESTER.textConversation();
        client.send("{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"truncation\":\"disabled\"}}");
        client.say("x".repeat(140_000));
        JsonNode failed = client.send("{\"type\":\"response.create\"}").awaitResponse();
        client.send("{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"truncation\":\"auto\"}}");
        client.say("short");
        JsonNode cut = client.send("{\"type\":\"response.create\"}").awaitResponse();

        assertThat(failed.path("status").asText()).isEqualTo("failed");
        assertThat(failed.at("/usage/total_tokens").asInt(-1)).isZero();
        assertThat(cut.path("status").asText()).isEqualTo("completed");
        assertThat(cut.at("/usage/input_tokens").asInt()).isLessThan(100);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "{\"voice\":\"ash\"}|unknown_parameter|response.voice",
                "{\"modalities\":[\"text\"]}|unknown_parameter|response.modalities",
                "{\"conversation\":\"some\"}|invalid_value|response.conversation",
                "{\"max_output_tokens\":5000}|invalid_value|response.max_output_tokens",
                "{\"metadata\":{\"k\":1}}|invalid_type|response.metadata.k",
                "{\"input\":{}}|invalid_type|response.input",
                "{\"audio\":{\"input\":{}}}|unknown_parameter|response.audio.input",
                "7|invalid_type|response"
            })
    void refusesWhatIsWrong(String response, String code, String param) throws Exception {
        RealtimeClient client = TESTER.conversation();
        JsonNode error = client.send("{\"type\":\"response.create\",\"response\":" + response + "}")
                .awaitError();
        assertThat(error.path("code").asText()).isEqualTo(code);
        assertThat(error.path("param").asText()).isEqualTo(param);
        client.close();
    }

    @Test
    void tellsRateLimitsByTheRealFormula() throws Exception {
        RealtimeClient client = TESTER.textConversation();
        client.say("hi").send("{\"type\":\"response.create\"}");
        JsonNode limits = client.await("rate_limits.updated").at("/rate_limits/0");
        double used = limits.path("limit").asDouble() - limits.path("remaining").asDouble();

        assertThat(limits.path("name").asText()).isEqualTo("tokens");
        assertThat(limits.path("limit").asInt()).isEqualTo(40_000);
        assertThat(limits.path("reset_seconds").asDouble())
                .isEqualTo(Math.round(used / limits.path("limit").asDouble() * 60 * 1_000) / 1_000.0);
    }
}
