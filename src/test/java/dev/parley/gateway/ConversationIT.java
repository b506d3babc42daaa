package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.simulator.Booking;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Conversations from a client's socket through the broker to the simulator, with the ledger read back from Postgres. */
class ConversationIT {
    private static BrokerRig rig;

    @BeforeAll
    static void start() throws Exception {
        rig = new BrokerRig().tenant("acme");
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
    void aTextTurnIsRelayedPricedAndCommitted() throws Exception {
        try (WireClient client = rig.text("acme")) {
            client.say("hello there").send("{\"type\":\"response.create\",\"event_id\":\"c1\"}");
            JsonNode done = client.await("response.done").path("response");

            assertThat(done.path("status").asText()).isEqualTo("completed");
            assertThat(client.types()).startsWith("session.created");
            assertThat(client.types()).filteredOn("session.created"::equals).hasSize(1);
            assertCost(done);
        }
    }

    @Test
    void anAudioTurnWithVoiceActivityRunsOnTheStandingCover() throws Exception {
        try (WireClient client = rig.connect("acme")) {
            client.await("session.created");
            client.speak(rig.simulator().recording()).speak(new byte[96_000]);
            client.await("input_audio_buffer.speech_started");
            client.await("input_audio_buffer.committed");
            JsonNode done = client.await("response.done").path("response");

            assertThat(client.types())
                    .contains("response.output_audio.delta", "response.output_audio_transcript.delta");
            assertThat(done.path("usage")
                            .path("output_token_details")
                            .path("audio_tokens")
                            .asLong())
                    .isPositive();
            assertThat(rig.entry("kind", done.path("id").asText())).isEqualTo("usage");
            assertCost(done);
        }
    }

    @Test
    void responsesOutOfBandRunInParallel() throws Exception {
        rig.script("{\"deltaIntervalMillis\":5}");
        try (WireClient client = rig.text("acme")) {
            client.say("hello");
            client.send("{\"type\":\"response.create\"}");
            for (int i = 0; i < 3; i++) {
                client.send(
                        "{\"type\":\"response.create\",\"response\":{\"conversation\":\"none\",\"metadata\":{\"n\":\""
                                + i
                                + "\"},\"input\":[{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\","
                                + "\"text\":\"classify\"}]}]}}");
            }
            for (int i = 0; i < 4; i++) {
                assertCost(client.await("response.done").path("response"));
            }
        }
    }

    @Test
    void aFunctionCallAndItsResult() throws Exception {
        rig.script("{\"functionCall\":{\"name\":\"get_weather\",\"arguments\":\"{\\\"city\\\":\\\"Paris\\\"}\"}}");
        try (WireClient client = rig.text("acme")) {
            client.say("weather?")
                    .send("{\"type\":\"response.create\",\"response\":{\"tools\":[{\"type\":\"function\","
                            + "\"name\":\"get_weather\",\"parameters\":{}}]}}");
            String call = client.await("response.function_call_arguments.done")
                    .path("call_id")
                    .asText();
            assertCost(client.await("response.done").path("response"));
            client.send(
                    "{\"type\":\"conversation.item.create\",\"item\":{\"type\":\"function_call_output\",\"call_id\":\""
                            + call + "\",\"output\":\"sunny\"}}");
            client.send("{\"type\":\"response.create\"}");
            assertCost(client.await("response.done").path("response"));
        }
    }

    @Test
    void aCancelledResponseIsBilledForWhatWasGenerated() throws Exception {
        rig.script("{\"deltaIntervalMillis\":20,\"outputTokens\":400}");
        try (WireClient client = rig.text("acme")) {
            client.say("tell me a lot").send("{\"type\":\"response.create\"}");
            client.await("response.output_text.delta");
            client.send("{\"type\":\"response.cancel\"}");
            JsonNode done = client.await("response.done").path("response");

            assertThat(done.path("status").asText()).isEqualTo("cancelled");
            assertThat(rig.entry("status", done.path("id").asText())).isEqualTo("cancelled");
            assertCost(done);
        }
    }

    @Test
    void speechInterruptsARunningResponse() throws Exception {
        rig.script("{\"deltaIntervalMillis\":100}");
        try (WireClient client = rig.connect("acme")) {
            client.await("session.created");
            client.speak(rig.simulator().recording()).speak(new byte[96_000]);
            client.await("response.output_audio.delta");
            client.speak(rig.simulator().recording());
            JsonNode done = client.await("response.done").path("response");

            assertThat(done.path("status_details").path("reason").asText()).isEqualTo("turn_detected");
            assertCost(done);
        }
    }

    @Test
    void whatAClientSendsBeforeTheUpstreamIsReadyArrivesInOrder() throws Exception {
        rig.scriptNext("{\"createdDelayMillis\":300}");
        try (WireClient client = rig.connect("acme")) {
            for (int i = 0; i < 50; i++) {
                client.send(
                        "{\"type\":\"conversation.item.create\",\"item\":{\"id\":\"item_" + i
                                + "\",\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"x\"}]}}");
            }
            client.await(
                    "the last item",
                    event -> event.path("item").path("id").asText().equals("item_49"));

            assertThat(client.types().getFirst()).isEqualTo("session.created");
            List<String> added = client.heard().stream()
                    .filter(event -> event.path("type").asText().equals("conversation.item.added"))
                    .map(event -> event.path("item").path("id").asText())
                    .toList();
            assertThat(added)
                    .hasSize(50)
                    .isSortedAccordingTo((a, b) ->
                            Integer.compare(Integer.parseInt(a.substring(5)), Integer.parseInt(b.substring(5))));
        }
    }

    @Test
    void errorsOfTheProviderKeepTheClientsEventId() throws Exception {
        try (WireClient client = rig.text("acme")) {
            client.send("{\"type\":\"conversation.item.delete\",\"event_id\":\"mine-1\",\"item_id\":\"item_none\"}");
            assertThat(client.await("error").path("error").path("event_id").asText())
                    .isEqualTo("mine-1");

            client.send(
                    "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"audio\":{\"output\":{\"voice\":7}}}}");
            JsonNode error = client.await("error").path("error");
            assertThat(error.path("event_id").isNull())
                    .as("the broker's id is not the client's")
                    .isTrue();
        }
    }

    private static void assertCost(JsonNode done) {
        JsonNode in = done.path("usage").path("input_token_details");
        JsonNode cached = in.path("cached_tokens_details");
        JsonNode out = done.path("usage").path("output_token_details");
        long cachedText = cached.path("text_tokens").asLong();
        long cachedAudio = cached.path("audio_tokens").asLong();
        long expected = (in.path("text_tokens").asLong() - cachedText) * 4_000
                + cachedText * 400
                + (in.path("audio_tokens").asLong() - cachedAudio) * 32_000
                + cachedAudio * 400
                + out.path("text_tokens").asLong() * 16_000
                + out.path("audio_tokens").asLong() * 64_000;
        String id = done.path("id").asText();
        assertThat(rig.entry("cost_nano", id)).isEqualTo(Long.toString(expected));
        assertThat(rig.simulator().books().find(id).map(Booking::status))
                .contains(done.path("status").asText());
    }
}
