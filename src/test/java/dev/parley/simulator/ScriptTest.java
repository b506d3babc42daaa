package dev.parley.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.conversation.Trees;
import io.vertx.core.http.WebSocketFrame;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScriptTest {
    @RegisterExtension
    static final SimulatorTester TESTER = new SimulatorTester();

    @Test
    void refusesUnknownKeysAndWrongValues() {
        assertThatThrownBy(() -> Script.parse("{\"audioDeltaBites\":1}")).hasMessageContaining("audioDeltaBites");
        assertThatThrownBy(() -> Script.parse("{\"audioDeltaBytes\":-1}")).hasMessageContaining("0 or more");
        assertThatThrownBy(() -> Script.parse("{\"audioDeltaBytes\":\"1\"}")).hasMessageContaining("0 or more");
        assertThatThrownBy(() -> Script.parse("{\"usage\":\"some\"}"))
                .hasMessage("'usage' must be present, null, zero, noDetails or absent");
        assertThatThrownBy(() -> Script.parse("{\"typeLast\":1}")).hasMessageContaining("true or false");
        assertThatThrownBy(() -> Script.parse("{\"transcriptionDelayMillis\":[]}"))
                .hasMessageContaining("a list of them");
        assertThatThrownBy(() -> Script.parse("[]")).hasMessage("not a JSON object");
        assertThat(Script.NONE.with(ScriptKey.USAGE, "null").with(ScriptKey.OUTPUT_TOKENS, 3))
                .hasToString("{\"usage\":\"null\",\"outputTokens\":3}");
    }

    @Test
    void isDocumentedKeyByKey() throws Exception {
        String manual = Files.readString(Path.of("src/docs/simulator.md"));
        assertThat(Arrays.stream(ScriptKey.values()).map(key -> "| `" + key.json() + "` | " + key.words() + " |"))
                .allSatisfy(row -> assertThat(manual).contains(row));
    }

    @Test
    void sendsAudioInLargeDeltas() throws Exception {
        JsonNode delta = answered("{\"audioDeltaBytes\":75000,\"outputTokens\":20}", false)
                .ofType("response.output_audio.delta")
                .getFirst();
        assertThat(delta.path("delta").asText().length()).isBetween(74_900, 75_000);
    }

    @ParameterizedTest
    @CsvSource({"3,false", "1,true", "5,true"})
    void fragmentsMessages(int fragments, boolean emptyFirst) throws Exception {
        RealtimeClient client = answered(
                "{\"fragmentMessages\":" + fragments + ",\"emptyFirstFragment\":" + emptyFirst
                        + ",\"reply\":\"naïve 日本語 👋🏽 日本語 👋🏽 日本語 👋🏽\"}",
                true);
        List<List<WebSocketFrame>> messages = messages(client);

        assertThat(client.ofType("response.output_text.done")
                        .getFirst()
                        .path("text")
                        .asText())
                .isEqualTo("naïve 日本語 👋🏽 日本語 👋🏽 日本語 👋🏽");
        assertThat(messages).isNotEmpty().allSatisfy(frames -> {
            assertThat(frames.size()).isEqualTo(fragments + (emptyFirst ? 1 : 0));
            assertThat(frames.getFirst().isText()).isTrue();
            assertThat(frames.subList(1, frames.size())).allMatch(WebSocketFrame::isContinuation);
            assertThat(frames.getFirst().binaryData().length() == 0).isEqualTo(emptyFirst);
        });
    }

    @Test
    void putsTheTypeLastAndAddsFieldsAndEvents() throws Exception {
        RealtimeClient client = answered(
                "{\"typeLast\":true,\"extraFields\":{\"x\":{\"type\":\"decoy\"}},\"extraEvents\":[{\"type\":\"vendor.note\",\"n\":1}]}",
                true);
        assertThat(client.types()).contains("vendor.note");
        assertThat(client.seen()).allSatisfy(event -> {
            List<String> names = new ArrayList<>();
            event.fieldNames().forEachRemaining(names::add);
            assertThat(names.getLast()).isEqualTo("type");
            assertThat(event.at("/x/type").asText()).isEqualTo("decoy");
        });
    }

    @Test
    void sendsTheConversationFirst() throws Exception {
        TESTER.script("{\"createdFirst\":false,\"statusDetailsText\":true,\"filterAfterDeltas\":1}");
        RealtimeClient client = TESTER.textConversation();
        client.say("hi").send("{\"type\":\"response.create\"}");
        JsonNode response = client.awaitResponse();

        assertThat(client.types()).startsWith("conversation.created", "session.created");
        assertThat(client.seen().getFirst().at("/conversation/object").asText()).isEqualTo("realtime.conversation");
        assertThat(response.path("status_details").asText()).isEqualTo("content_filter");
    }

    @ParameterizedTest
    @CsvSource({"present,object", "null,null", "zero,zero", "noDetails,totals", "absent,missing"})
    void tellsUsageInEveryForm(String how, String form) throws Exception {
        RealtimeClient client = answered("{\"usage\":\"" + how + "\"}", true);
        JsonNode response = client.ofType("response.done").getFirst().path("response");
        JsonNode usage = response.path("usage");
        Booking booking = TESTER.books().find(response.path("id").asText()).orElseThrow();

        assertThat(
                        switch (form) {
                            case "null" -> usage.isNull() && response.has("usage");
                            case "missing" -> !response.has("usage");
                            case "zero" ->
                                usage.path("total_tokens").asInt(-1) == 0 && usage.has("input_token_details");
                            case "totals" ->
                                usage.path("total_tokens").asInt() > 0 && !usage.has("input_token_details");
                            default -> usage.equals(booking.usage().toJson());
                        })
                .isTrue();
        assertThat(booking.usage().output().text())
                .as("the books have the truth")
                .isPositive();
        assertThat(booking.told()).isEqualTo(form.equals("missing") ? null : Trees.write(usage));
    }

    @Test
    void tellsAnotherUsageForCancelledResponses() throws Exception {
        TESTER.script("{\"cancelledUsage\":\"null\",\"deltaIntervalMillis\":10,\"outputTokens\":900}");
        RealtimeClient client = TESTER.textConversation();
        client.send("{\"type\":\"response.create\"}").await("response.output_text.delta");
        client.send("{\"type\":\"response.cancel\"}");
        JsonNode response = client.awaitResponse();

        assertThat(response.path("usage").isNull()).isTrue();
        assertThat(TESTER.books()
                        .find(response.path("id").asText())
                        .orElseThrow()
                        .usage()
                        .output()
                        .text())
                .isPositive();
    }

    @Test
    void saysAsManyTokensAsItIsTold() throws Exception {
        RealtimeClient client = answered("{\"outputTokens\":123,\"reasoningTokens\":7,\"cachedTokens\":5}", true);
        JsonNode usage = client.ofType("response.done").getFirst().at("/response/usage");

        assertThat(client.ofType("response.output_text.delta")).hasSize(123);
        assertThat(usage.path("output_tokens").asInt()).isEqualTo(130);
        assertThat(usage.at("/output_token_details/reasoning_tokens").asInt()).isEqualTo(7);
        assertThat(usage.at("/input_token_details/cached_tokens").asInt()).isEqualTo(5);
    }

    @Test
    void failsResponsesBeforeAndAfterOutput() throws Exception {
        JsonNode before = answered(
                        "{\"failResponse\":{\"type\":\"insufficient_quota\",\"code\":\"insufficient_quota\",\"message\":\"no\"}}",
                        true)
                .ofType("response.done")
                .getFirst()
                .path("response");
        JsonNode after = answered("{\"failResponse\":{\"afterDeltas\":2},\"outputTokens\":9}", true)
                .ofType("response.done")
                .getFirst()
                .path("response");

        assertThat(before.path("status").asText()).isEqualTo("failed");
        assertThat(before.at("/status_details/error/code").asText()).isEqualTo("insufficient_quota");
        assertThat(before.at("/usage/total_tokens").asInt(-1)).isZero();
        assertThat(before.path("output")).isEmpty();
        assertThat(after.at("/usage/output_tokens").asInt()).isEqualTo(2);
        assertThat(after.at("/output/0/status").asText()).isEqualTo("incomplete");
    }

    @Test
    void failsEachResponseAtTheSamePlace() throws Exception {
        TESTER.script("{\"failResponse\":{\"afterDeltas\":3},\"outputTokens\":9}");
        RealtimeClient client = TESTER.textConversation();

        for (int response = 0; response < 2; response++) {
            JsonNode done = client.send("{\"type\":\"response.create\"}").awaitResponse();
            assertThat(done.at("/usage/output_tokens").asInt()).isEqualTo(3);
        }
    }

    @Test
    void refusesResponses() throws Exception {
        TESTER.script(
                "{\"refuseResponse\":{\"type\":\"rate_limit_error\",\"code\":\"rate_limit_exceeded\",\"message\":\"slow\"}}");
        RealtimeClient client = TESTER.textConversation();
        JsonNode error =
                client.send("{\"type\":\"response.create\",\"event_id\":\"r\"}").awaitError();
        assertThat(error.path("type").asText()).isEqualTo("rate_limit_error");
        assertThat(error.path("event_id").asText()).isEqualTo("r");
        assertThat(client.types()).doesNotContain("response.created");
    }

    @Test
    void callsAFunctionUnasked() throws Exception {
        JsonNode item = answered("{\"functionCall\":{\"name\":\"hang_up\",\"arguments\":\"{\\\"now\\\":true}\"}}", true)
                .ofType("response.done")
                .getFirst()
                .at("/response/output/0");
        assertThat(item.path("name").asText()).isEqualTo("hang_up");
        assertThat(item.path("arguments").asText()).isEqualTo("{\"now\":true}");
    }

    @Test
    void ignoresACancel() throws Exception {
        TESTER.script("{\"ignoreCancel\":true,\"deltaIntervalMillis\":2,\"outputTokens\":30}");
        RealtimeClient client = TESTER.textConversation();
        client.send("{\"type\":\"response.create\"}").await("response.output_text.delta");
        client.send("{\"type\":\"response.cancel\"}");
        assertThat(client.awaitResponse().path("status").asText()).isEqualTo("completed");
    }

    @ParameterizedTest
    @CsvSource({"resetAfterDeltas,3", "resetBeforeDone,true"})
    void dropsTheConnectionInMidResponse(String key, String value) throws Exception {
        TESTER.script("{\"" + key + "\":" + value + ",\"outputTokens\":5}");
        RealtimeClient client = TESTER.textConversation();
        client.send("{\"type\":\"response.create\"}");
        RealtimeClient.End end = client.awaitEnd();
        String id =
                client.ofType("response.created").getFirst().at("/response/id").asText();
        Booking booking = TESTER.books().find(id).orElseThrow();

        assertThat(end.code()).isEqualTo(1006);
        assertThat(client.types()).doesNotContain("response.done");
        assertThat(booking.delivered()).isFalse();
        assertThat(booking.told()).isNull();
        assertThat(booking.status()).isEqualTo(key.equals("resetBeforeDone") ? "completed" : "lost");
        assertThat(booking.usage().output().text()).isEqualTo(key.equals("resetBeforeDone") ? 5 : 3);
    }

    @Test
    void dropsTheConnectionAfterAWhile() throws Exception {
        TESTER.script("{\"resetAfterMillis\":30}");
        assertThat(TESTER.conversation().awaitEnd().code()).isEqualTo(1006);
    }

    @Test
    void closesAfterResponses() throws Exception {
        TESTER.script("{\"closeAfterResponses\":2,\"close\":{\"code\":1013,\"reason\":\"busy\"}}");
        RealtimeClient client = TESTER.textConversation();
        client.send("{\"type\":\"response.create\"}").awaitResponse();
        client.send("{\"type\":\"response.create\"}").awaitResponse();
        assertThat(client.awaitEnd()).isEqualTo(new RealtimeClient.End(1013, "busy"));
    }

    @Test
    void endsTheSessionAtItsMaximum() throws Exception {
        TESTER.script("{\"sessionMaxMillis\":60}");
        RealtimeClient client = TESTER.conversation();
        JsonNode error = client.awaitError();

        assertThat(error.path("code").asText()).isEqualTo("session_expired");
        assertThat(client.awaitEnd())
                .isEqualTo(new RealtimeClient.End(1001, "Your session hit the maximum duration of 60 ms."));
    }

    @Test
    void padsRetrievedItems() throws Exception {
        TESTER.script("{\"retrievedItemBytes\":3500000}");
        RealtimeClient client = TESTER.conversation();
        client.send("{\"type\":\"response.create\"}");
        String id = client.awaitResponse().at("/output/0/id").asText();
        client.send("{\"type\":\"conversation.item.retrieve\",\"item_id\":\"" + id + "\"}");
        assertThat(client.await("conversation.item.retrieved")
                        .at("/item/content/0/audio")
                        .asText()
                        .length())
                .isBetween(3_499_900, 3_500_000);
    }

    @Test
    void placesRateLimitsWhereItIsTold() throws Exception {
        assertThat(answered("{\"rateLimits\":\"start\"}", true).types())
                .containsSubsequence("response.created", "rate_limits.updated", "response.output_item.added");
        assertThat(answered("{\"rateLimits\":\"none\"}", true).types()).doesNotContain("rate_limits.updated");
        TESTER.script("{\"rateLimits\":\"empty\"}");
        RealtimeClient client = TESTER.textConversation();
        client.send("{\"type\":\"response.create\"}");
        assertThat(client.await("rate_limits.updated").path("rate_limits")).isEmpty();
    }

    @Test
    void pingsAndIsSilentByScript() throws Exception {
        TESTER.script("{\"pingMillis\":5,\"neverCreated\":true}");
        RealtimeClient client = TESTER.conversation();
        SimulatorTester.eventually(
                () -> client.frames().stream().filter(WebSocketFrame::isPing).count() > 2, "three pings");
        client.say("hi").await("conversation.item.done");
        assertThat(client.types()).doesNotContain("session.created");
    }

    @Test
    void delaysTheGreeting() throws Exception {
        TESTER.script("{\"createdDelayMillis\":50}");
        RealtimeClient client = TESTER.conversation();
        client.say("hi").await("session.created");
        assertThat(client.types())
                .as("events before it are answered all the same")
                .contains("conversation.item.done");
    }

    @Test
    void stopsReading() throws Exception {
        TESTER.script("{\"stopReading\":true}");
        RealtimeClient client = TESTER.conversation();
        client.await("session.created");
        long before = TESTER.books().counters().messagesReceived();
        client.socket().writeTextMessage("{\"type\":\"response.create\"}");
        client.socket().writeTextMessage("{\"type\":\"response.create\"}");
        RealtimeClient other = RealtimeClient.connect(
                TESTER.vertx(), TESTER.simulator(), "/v1/realtime?model=gpt-nope", options -> {});
        other.awaitEnd();
        assertThat(TESTER.books().counters().messagesReceived()).isEqualTo(before);
    }

    @Test
    void delaysGenerationAndDeltas() throws Exception {
        RealtimeClient client =
                answered("{\"generationDelayMillis\":1,\"deltaIntervalMillis\":1,\"outputTokens\":3}", true);
        assertThat(client.ofType("response.output_text.delta")).hasSize(3);
    }

    private static RealtimeClient answered(String script, boolean text) throws Exception {
        TESTER.script(script);
        RealtimeClient client = text ? TESTER.textConversation() : TESTER.conversation();
        client.say("hello").send("{\"type\":\"response.create\"}").awaitResponse();
        return client;
    }

    private static List<List<WebSocketFrame>> messages(RealtimeClient client) {
        List<List<WebSocketFrame>> messages = new ArrayList<>();
        List<WebSocketFrame> current = new ArrayList<>();
        for (WebSocketFrame frame : client.frames()) {
            current.add(frame);
            if (frame.isFinal()) {
                messages.add(List.copyOf(current));
                current.clear();
            }
        }
        return messages;
    }
}
