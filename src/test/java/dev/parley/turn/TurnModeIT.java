package dev.parley.turn;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.gateway.BrokerRig;
import dev.parley.gateway.WireClient;
import dev.parley.tenancy.Budget;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.PoolMode;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Conversations in turn mode from a client's socket through the broker to the simulator, with the ledger behind. */
class TurnModeIT {
    private static final String CREATE = "{\"type\":\"response.create\",\"event_id\":\"c1\"}";

    private static BrokerRig rig;

    @BeforeAll
    static void start() throws Exception {
        rig = TurnRig.start();
        TurnRig.inTurnMode(rig, "acme");
    }

    @AfterEach
    void quiet() {
        rig.assertQuiet("acme");
        rig.simulator().scripts().clear();
    }

    @AfterAll
    static void stop() {
        rig.close();
    }

    @Test
    void holdsNoUpstreamUntilAResponseIsAskedFor() throws Exception {
        long before = rig.simulator().books().counters().sessionsOpened();
        try (WireClient client = rig.text("acme")) {
            client.say("nobody hears this");
            client.await("conversation.item.done");
            assertThat(rig.simulator().books().counters().sessionsOpened()).isEqualTo(before);
        }
    }

    @Test
    void aTextTurnIsToldAsTheProviderTellsIt() throws Exception {
        try (WireClient client = rig.text("acme")) {
            client.say("hello there").send(CREATE);
            JsonNode done = client.await("response.done").path("response");
            client.await("rate_limits.updated");

            assertThat(client.types().stream().distinct())
                    .containsExactly(
                            "session.created",
                            "session.updated",
                            "conversation.item.added",
                            "conversation.item.done",
                            "response.created",
                            "response.output_item.added",
                            "response.content_part.added",
                            "response.output_text.delta",
                            "response.output_text.done",
                            "response.content_part.done",
                            "response.output_item.done",
                            "response.done",
                            "rate_limits.updated");
            assertThat(done.at("/output/0/content/0/text").asText()).contains("hello there");
            assertThat(done.path("conversation_id").asText()).startsWith("conv_");
            assertThat(done.path("metadata").isNull()).isTrue();
            String id = done.path("id").asText();
            assertThat(rig.entry("kind", id)).isEqualTo("usage");
            assertThat(rig.entry("text_out", id))
                    .isEqualTo(
                            done.at("/usage/output_token_details/text_tokens").asText());
        }
    }

    @Test
    void theConversationGoesOnFromResponseToResponse() throws Exception {
        try (WireClient client = rig.text("acme")) {
            client.say("one").send(CREATE);
            long first = client.await("response.done")
                    .at("/response/usage/input_tokens")
                    .asLong();
            client.say("two").send(CREATE);
            JsonNode second = client.await("response.done").path("response");

            assertThat(second.at("/output/0/content/0/text").asText()).contains("two");
            assertThat(second.at("/usage/input_tokens").asLong()).isGreaterThan(first);
        }
    }

    @Test
    void keepsTheClientsMetadataWhole() throws Exception {
        StringBuilder pairs = new StringBuilder();
        for (int i = 0; i < 16; i++) {
            pairs.append(i == 0 ? "" : ",")
                    .append("\"k")
                    .append(i)
                    .append("\":\"v")
                    .append(i)
                    .append('"');
        }
        try (WireClient client = rig.text("acme")) {
            client.say("hi").send("{\"type\":\"response.create\",\"response\":{\"metadata\":{" + pairs + "}}}");
            assertThat(client.await("response.created").at("/response/metadata").toString())
                    .isEqualTo("{" + pairs + "}");
            assertThat(client.await("response.done").at("/response/metadata").toString())
                    .isEqualTo("{" + pairs + "}");
        }
    }

    @Test
    void sessionsOfATenantShareUpstreamSessionsAndSeveralResponsesRunAtOnce() throws Exception {
        rig.script("{\"deltaIntervalMillis\":5,\"outputTokens\":40}");
        long before = rig.simulator().books().counters().sessionsOpened();
        List<WireClient> clients = new java.util.ArrayList<>();
        for (int i = 0; i < 12; i++) {
            clients.add(rig.text("acme"));
        }
        for (WireClient client : clients) {
            client.say("hello").send(CREATE);
        }
        for (WireClient client : clients) {
            assertThat(client.await("response.done").at("/response/status").asText())
                    .isEqualTo("completed");
            client.close();
        }
        assertThat(rig.simulator().books().counters().sessionsOpened() - before)
                .as("one for each event loop")
                .isLessThanOrEqualTo(2);
    }

    @Test
    void aFunctionCallAndItsResult() throws Exception {
        rig.script("{\"functionCall\":{\"name\":\"get_weather\",\"arguments\":\"{\\\"city\\\":\\\"Paris\\\"}\"}}");
        try (WireClient client = rig.text("acme")) {
            client.say("weather?").send(CREATE);
            JsonNode call = client.await("response.done").at("/response/output/0");
            assertThat(call.path("name").asText()).isEqualTo("get_weather");
            assertThat(client.types())
                    .containsSubsequence(
                            "response.output_item.added",
                            "conversation.item.added",
                            "response.function_call_arguments.done",
                            "response.output_item.done",
                            "conversation.item.done",
                            "response.done");
            client.send(
                    "{\"type\":\"conversation.item.create\",\"item\":{\"type\":\"function_call_output\",\"call_id\":\""
                            + call.path("call_id").asText() + "\",\"output\":\"{\\\"c\\\":21}\"}}");
            client.await("conversation.item.done");
            client.send(CREATE);
            client.await("response.done");
        }
    }

    @Test
    void audioInAndAudioOut() throws Exception {
        try (WireClient client = rig.connect("acme")) {
            assertThat(client.await("session.created")
                            .at("/session/audio/input/turn_detection")
                            .isNull())
                    .isTrue();
            client.speak(new byte[192_000]).send("{\"type\":\"input_audio_buffer.commit\"}");
            String spoken =
                    client.await("input_audio_buffer.committed").path("item_id").asText();
            client.send(CREATE);
            JsonNode done = client.await("response.done").path("response");
            assertThat(done.at("/output/0/content/0/transcript").asText())
                    .contains("I heard you speak for 4.0 seconds");
            assertThat(done.at("/usage/input_token_details/audio_tokens").asLong())
                    .isEqualTo(40);
            String answer = done.at("/output/0/id").asText();
            client.send("{\"type\":\"conversation.item.retrieve\",\"item_id\":\"" + spoken + "\"}");
            assertThat(client.await("conversation.item.retrieved")
                            .at("/item/content/0/audio")
                            .asText())
                    .hasSize(256_000);
            client.send("{\"type\":\"conversation.item.truncate\",\"item_id\":\"" + answer
                    + "\",\"content_index\":0,\"audio_end_ms\":500}");
            client.await("conversation.item.truncated");
            client.send("{\"type\":\"conversation.item.retrieve\",\"item_id\":\"" + answer + "\"}");
            assertThat(client.await("conversation.item.retrieved")
                            .at("/item/content/0/audio")
                            .asText())
                    .hasSize(32_000);
            client.send(
                    "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"audio\":{\"output\":{\"voice\":\"ash\"}}}}");
            assertThat(client.await("error").at("/error/code").asText()).isEqualTo("cannot_update_voice");
        }
    }

    @Test
    void voiceActivityDetectionIsRefused() throws Exception {
        try (WireClient client = rig.connect("acme")) {
            client.await("session.created");
            client.send(
                    "{\"type\":\"session.update\",\"event_id\":\"u1\",\"session\":{\"type\":\"realtime\",\"instructions\":\"x\","
                            + "\"audio\":{\"input\":{\"turn_detection\":{\"type\":\"server_vad\"}}}}}");
            JsonNode error = client.await("error").path("error");
            assertThat(error.path("code").asText()).isEqualTo("turn_detection_not_supported");
            assertThat(error.path("param").asText()).isEqualTo("session.audio.input.turn_detection");
            assertThat(error.path("event_id").asText()).isEqualTo("u1");
            client.send("{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\"}}");
            assertThat(client.await("session.updated")
                            .at("/session/instructions")
                            .asText())
                    .as("nothing of a refused update is kept")
                    .isNotEqualTo("x");
        }
    }

    @Test
    void aCancelledResponseEndsAndItsUpstreamIsNotUsedAgain() throws Exception {
        rig.script("{\"deltaIntervalMillis\":10,\"outputTokens\":500}");
        try (WireClient client = rig.text("acme")) {
            client.say("count").send(CREATE);
            client.await("response.output_text.delta");
            client.send("{\"type\":\"response.cancel\"}");
            JsonNode done = client.await("response.done").path("response");
            assertThat(done.path("status").asText()).isEqualTo("cancelled");
            String first = rig.entry("upstream_session", done.path("id").asText());
            rig.script("{}");
            client.say("again").send(CREATE);
            JsonNode second = client.await("response.done").path("response");
            assertThat(second.path("status").asText()).isEqualTo("completed");
            assertThat(rig.entry("upstream_session", second.path("id").asText()))
                    .isNotEqualTo(first);
        }
    }

    @Test
    void aSecondResponseOfTheConversationIsRefusedAndOneOutOfBandIsNot() throws Exception {
        rig.script("{\"deltaIntervalMillis\":10,\"outputTokens\":100}");
        try (WireClient client = rig.text("acme")) {
            client.say("first").send("{\"type\":\"response.create\"}");
            client.await("response.created");
            client.send(CREATE);
            JsonNode error = client.await("error").path("error");
            assertThat(error.path("code").asText()).isEqualTo("conversation_already_has_active_response");
            assertThat(error.path("event_id").asText()).isEqualTo("c1");
            client.send(
                    "{\"type\":\"response.create\",\"response\":{\"conversation\":\"none\",\"metadata\":{\"n\":\"2\"},\"input\":[]}}");
            client.await(
                    "out of band",
                    event -> event.at("/response/metadata/n").asText().equals("2"));
            client.await("response.done");
            client.await("response.done");
        }
    }

    @Test
    void aResponseWhoseUpstreamDiesFailsAndTheSessionGoesOn() throws Exception {
        rig.script("{\"resetAfterDeltas\":3,\"deltaIntervalMillis\":5}");
        try (WireClient client = rig.text("acme")) {
            client.say("hello").send(CREATE);
            JsonNode done = client.await("response.done").path("response");
            assertThat(done.path("status").asText()).isEqualTo("failed");
            assertThat(done.at("/status_details/error/code").asText()).isEqualTo("upstream_lost");
            assertThat(rig.entry("kind", done.path("id").asText())).isEqualTo("estimated");
            rig.script("{}");
            client.say("again").send(CREATE);
            assertThat(client.await("response.done").at("/response/status").asText())
                    .isEqualTo("completed");
        }
    }

    @Test
    void aResponseWithoutAnUpstreamIsRefusedAndTheSessionGoesOn() throws Exception {
        rig.script("{\"handshake\":{\"status\":503}}");
        try (WireClient client = rig.text("acme")) {
            client.say("hello").send(CREATE);
            JsonNode error = client.await("error").path("error");
            assertThat(error.path("type").asText()).isEqualTo("server_error");
            assertThat(error.path("event_id").asText()).isEqualTo("c1");
            client.say("still there");
            client.await("conversation.item.done");
        }
    }

    @Test
    void whoLeavesInMidResponsePaysForWhatWasGenerated() throws Exception {
        rig.script("{\"deltaIntervalMillis\":10,\"outputTokens\":500}");
        String id;
        try (WireClient client = rig.text("acme")) {
            client.say("hello").send(CREATE);
            id = client.await("response.created").at("/response/id").asText();
            client.await("response.output_text.delta");
        }
        BrokerRig.eventually(
                "the entry is there",
                () -> rig.database()
                        .query("select count(*) from usage_entry where reference = '" + id + "'")
                        .equals("1"));
        assertThat(rig.entry("status", id)).isEqualTo("cancelled");
    }

    @Test
    void anExhaustedBudgetRefusesTheResponse() throws Exception {
        rig.tenant(
                "poor",
                made -> made.withOwn(made.own()
                        .withPoolMode(PoolMode.TURN)
                        .with(Budget.ofMoney(Budget.MAIN, NanoUsd.ofUsd("0.000001"), BudgetPeriod.MONTH))));
        try (WireClient client = rig.text("poor")) {
            client.say("hello").send(CREATE);
            assertThat(client.await("error").at("/error/type").asText()).isEqualTo("insufficient_quota");
        }
        rig.assertQuiet("poor");
    }

    @Test
    void oneModelCanBeInTurnMode() throws Exception {
        rig.tenant(
                "mixed", made -> made.withOwn(made.own().withTurnModels(Set.of(new ModelName("gpt-realtime-mini")))));
        try (WireClient turn = rig.connect("mixed", "?model=gpt-realtime-mini");
                WireClient session = rig.connect("mixed", "?model=gpt-realtime")) {
            assertThat(turn.await("session.created")
                            .at("/session/audio/input/turn_detection")
                            .isNull())
                    .isTrue();
            assertThat(session.await("session.created")
                            .at("/session/audio/input/turn_detection/type")
                            .asText())
                    .isEqualTo("server_vad");
        }
        rig.assertQuiet("mixed");
    }

    @Test
    void badInputIsAnsweredAndHarmsNobody() throws Exception {
        try (WireClient client = rig.text("acme")) {
            for (String bad : List.of(
                    "nonsense",
                    "[1]",
                    "{\"type\":\"nonsense\"}",
                    "{\"type\":7}",
                    "{\"event_id\":\"x\"}",
                    "{\"type\":\"response.create\",\"response\":7}",
                    "{\"type\":\"response.create\",\"response\":{\"max_output_tokens\":0}}",
                    "{\"type\":\"response.create\",\"response\":{\"input\":[{\"type\":\"item_reference\",\"id\":\"nobody\"}]}}",
                    "{\"type\":\"response.create\",\"response\":{\"metadata\":{\"k\":7}}}",
                    "{\"type\":\"response.create\",\"response\":{\"tools\":[{\"type\":\"mcp\",\"server_label\":\"x\"}]}}",
                    "{\"type\":\"conversation.item.create\",\"item\":{\"type\":\"mcp_approval_response\",\"approval_request_id\":\"x\",\"approve\":true}}",
                    "{\"type\":\"response.create\",\"response\":{\"input\":[{\"type\":\"mcp_list_tools\",\"server_label\":\"x\",\"tools\":[]}]}}",
                    "{\"type\":\"response.cancel\"}",
                    "{\"type\":\"response.cancel\",\"response_id\":\"resp_other\"}",
                    "{\"type\":\"conversation.item.create\",\"item\":{\"type\":\"function_call_output\",\"call_id\":\"c\",\"output\":\"\"}}",
                    "{\"type\":\"conversation.item.delete\",\"item_id\":\"nobody\"}",
                    "{\"type\":\"conversation.item.retrieve\",\"item_id\":\"nobody\"}",
                    "{\"type\":\"conversation.item.truncate\",\"item_id\":\"nobody\",\"content_index\":0,\"audio_end_ms\":1}",
                    "{\"type\":\"input_audio_buffer.append\",\"audio\":\"***\"}",
                    "{\"type\":\"input_audio_buffer.commit\"}",
                    "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"model\":\"gpt-realtime-mini\"}}",
                    "{\"type\":\"session.update\",\"session\":{\"type\":\"transcription\"}}",
                    "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"nonsense\":1}}")) {
                client.send(bad);
                assertThat(client.await("error").path("error").path("message").asText())
                        .as(bad)
                        .isNotEmpty();
            }
            client.say("hello").send(CREATE);
            assertThat(client.await("response.done").at("/response/status").asText())
                    .isEqualTo("completed");
        }
    }
}
