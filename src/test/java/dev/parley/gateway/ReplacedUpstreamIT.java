package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.simulator.Booking;
import dev.parley.simulator.Usage;
import dev.parley.tenancy.LimitName;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Sessions that go on with another upstream, and sessions that did not ask for that, on real sockets. */
class ReplacedUpstreamIT {
    private static final String REPLACED = "parley.upstream_replaced";

    private static BrokerRig rig;

    @BeforeAll
    static void start() throws Exception {
        rig = new BrokerRig()
                .tenant("acme")
                .tenant("lasting", tenant -> tenant.withOwn(tenant.own().with(LimitName.UPSTREAM_REPLACEMENTS_MAX, 2)));
    }

    @AfterEach
    void quiet() {
        rig.assertQuiet("acme", "lasting");
        rig.simulator().scripts().clear();
    }

    @AfterAll
    static void stop() {
        rig.close();
    }

    @Test
    void aSessionGoesOnWithAnotherUpstreamBeforeItsProviderEndsIt() throws Exception {
        rig.scriptNext("{\"sessionMaxMillis\":5000,\"reply\":\"the first answer\"}");
        try (WireClient client = rig.text("lasting")) {
            client.send(
                    "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"instructions\":\"be brief\"}}");
            client.await("session.updated");
            JsonNode first = turn(client, "remember the word heron");

            JsonNode replaced = client.await(REPLACED);
            assertThat(replaced.path("cause").asText()).isEqualTo("session_length");
            assertThat(replaced.path("replayed_items").asInt()).isEqualTo(2);
            assertThat(replaced.path("omitted_items").asInt()).isZero();
            assertThat(replaced.path("interrupted_responses")).isEmpty();

            assertThat(said(client, item(client, "user"))).isEqualTo("remember the word heron");
            assertThat(said(client, item(client, "assistant"))).isEqualTo("the first answer");
            client.send("{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\"}}");
            JsonNode settings = client.await("session.updated").path("session");
            assertThat(settings.path("instructions").asText()).isEqualTo("be brief");
            assertThat(settings.path("output_modalities").toString()).isEqualTo("[\"text\"]");
            assertThat(settings.path("id"))
                    .as("the id that the client knows")
                    .isEqualTo(client.heard().getFirst().path("session").path("id"));
            JsonNode second = turn(client, "what was the word");

            assertThat(second.path("usage").path("input_tokens").asLong())
                    .as("it reads the conversation from its beginning")
                    .isGreaterThan(first.path("usage").path("input_tokens").asLong());
            assertInLedgerAsInBooks(first);
            assertInLedgerAsInBooks(second);
            assertThat(booking(first).sessionId()).isNotEqualTo(booking(second).sessionId());
            assertThat(client.types()).doesNotContain("error").containsOnlyOnce("session.created");
            assertThat(client.types())
                    .filteredOn("conversation.item.added"::equals)
                    .hasSize(4);
        }
    }

    @Test
    void aRunningResponseIsNotCutOffForIt() throws Exception {
        rig.scriptNext("{\"sessionMaxMillis\":6000,\"outputTokens\":100,\"deltaIntervalMillis\":45}");
        try (WireClient client = rig.text("lasting")) {
            JsonNode done = turn(client, "tell me a lot");
            client.await(REPLACED);

            assertThat(done.path("status").asText()).isEqualTo("completed");
            assertInLedgerAsInBooks(done);
            List<String> types = client.types();
            assertThat(types.indexOf(REPLACED)).isGreaterThan(types.indexOf("response.done"));
            assertThat(types.subList(types.indexOf("response.done") + 1, types.indexOf(REPLACED)))
                    .isSubsetOf("rate_limits.updated");
        }
    }

    @Test
    void anUpstreamThatDiesInMidResponseIsReplacedAndTheResponseEstimated() throws Exception {
        rig.scriptNext("{\"resetAfterDeltas\":5,\"outputTokens\":100,\"deltaIntervalMillis\":20}");
        try (WireClient client = rig.text("lasting")) {
            client.say("hi").send("{\"type\":\"response.create\"}");
            String id =
                    client.await("response.created").path("response").path("id").asText();

            assertThat(client.await("error").path("error").path("code").asText())
                    .isEqualTo("upstream_lost");
            JsonNode lost = client.await("response.done").path("response");
            assertThat(lost.path("id").asText()).isEqualTo(id);
            assertThat(lost.path("status").asText()).isEqualTo("failed");
            assertThat(rig.entry("kind || ' ' || status", id))
                    .as("before it is told")
                    .isEqualTo("estimated lost");
            JsonNode replaced = client.await(REPLACED);
            assertThat(replaced.path("cause").asText()).isEqualTo("upstream_lost");
            assertThat(replaced.path("interrupted_responses").toString()).isEqualTo("[\"" + id + "\"]");

            JsonNode second = turn(client, "once more");
            assertThat(second.path("status").asText()).isEqualTo("completed");
            assertInLedgerAsInBooks(second);
            assertThat(Long.parseLong(rig.entry("text_in", id))).isPositive();
            assertThat(booking(lost).status()).isEqualTo("lost");
            assertThat(rig.database().query("select count(*) from usage_entry where reference = '" + id + "'"))
                    .isEqualTo("1");
        }
    }

    @Test
    void aCallThatTheLostUpstreamMadeIsAnsweredToTheNextOne() throws Exception {
        rig.scriptNext("{\"functionCall\":{\"name\":\"weather\",\"arguments\":{\"city\":\"Paris\"}},"
                + "\"closeAfterResponses\":1,\"close\":{\"code\":1011,\"reason\":\"trouble\"}}");
        try (WireClient client = rig.text("lasting")) {
            client.say("what is the weather").send("{\"type\":\"response.create\"}");
            String call = client.await("response.function_call_arguments.done")
                    .path("call_id")
                    .asText();
            client.await(REPLACED);

            client.send(
                    "{\"type\":\"conversation.item.create\",\"item\":{\"type\":\"function_call_output\",\"call_id\":\""
                            + call + "\",\"output\":\"rain\"}}");
            client.await(
                    "the result",
                    event -> event.path("type").asText().equals("conversation.item.done")
                            && event.at("/item/type").asText().equals("function_call_output"));
            client.send("{\"type\":\"response.create\"}");
            assertInLedgerAsInBooks(client.await("response.done").path("response"));
            assertThat(client.types()).doesNotContain("error");
        }
    }

    @Test
    void aSpokenSessionGoesOnAndItsNextTurnIsAnsweredAndPaid() throws Exception {
        rig.scriptNext("{\"resetAfterDeltas\":3,\"deltaIntervalMillis\":30}");
        try (WireClient client = rig.connect("lasting")) {
            client.await("session.created");
            client.send("{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"audio\":{\"input\":"
                    + "{\"transcription\":{\"model\":\"gpt-4o-mini-transcribe\"}}}}}");
            client.await("session.updated");
            client.speak(rig.simulator().recording()).speak(new byte[96_000]);
            String lost = client.await(REPLACED).at("/interrupted_responses/0").asText();
            assertThat(lost).startsWith("resp_");

            client.speak(rig.simulator().recording()).speak(new byte[96_000]);
            client.await("input_audio_buffer.committed");
            JsonNode done = client.await(
                            "the answer to the last turn",
                            event -> event.path("type").asText().equals("response.done")
                                    && event.at("/response/status").asText().equals("completed"))
                    .path("response");
            assertInLedgerAsInBooks(done);
            assertThat(rig.entry("kind || ' ' || status", lost)).isEqualTo("estimated lost");
        }
    }

    @Test
    void afterAsManyAsItsTenantWantsItEndsWithItsUpstream() throws Exception {
        rig.script("{\"closeAfterResponses\":1}");
        try (WireClient client = rig.text("lasting")) {
            turn(client, "one");
            client.await(REPLACED);
            turn(client, "two");
            client.await(REPLACED);
            turn(client, "three");
            assertThat(client.closeCode()).isEqualTo(1011);
            assertThat(client.types()).filteredOn(REPLACED::equals).hasSize(2);
        }
    }

    @Test
    void whenNoOtherUpstreamIsToBeHadTheSessionEndsAsIfItHadNotAsked() throws Exception {
        rig.scriptNext("{\"closeAfterResponses\":1}");
        try (WireClient client = rig.text("lasting")) {
            rig.script("{\"handshake\":{\"status\":503}}");
            turn(client, "one");
            assertThat(client.closeCode()).isEqualTo(1011);
            assertThat(client.heard().getLast().path("error").path("code").asText())
                    .isEqualTo("upstream_closed");
        }
        rig.reopenAccounts();
    }

    @Test
    void othersGetTheProvidersOwnFormOfEnd() throws Exception {
        rig.scriptNext("{\"sessionMaxMillis\":1500}");
        try (WireClient client = rig.text("acme")) {
            assertThat(client.await("error").path("error").path("code").asText())
                    .isEqualTo("session_expired");
            assertThat(client.closeCode()).isEqualTo(1001);
            assertThat(client.types()).doesNotContain(REPLACED);
        }
    }

    /** One turn's response, as its {@code response.done} tells it. */
    private static JsonNode turn(WireClient client, String words) throws Exception {
        client.say(words).send("{\"type\":\"response.create\"}");
        return client.await("response.done").path("response");
    }

    /** The id of the first item of a role. */
    private static String item(WireClient client, String role) {
        return client.heard().stream()
                .filter(event -> event.path("type").asText().equals("conversation.item.done")
                        && event.at("/item/role").asText().equals(role))
                .findFirst()
                .orElseThrow()
                .at("/item/id")
                .asText();
    }

    /** What the upstream of now has as the text of an item. */
    private static String said(WireClient client, String itemId) throws Exception {
        client.send("{\"type\":\"conversation.item.retrieve\",\"item_id\":\"" + itemId + "\"}");
        return client.await("conversation.item.retrieved")
                .at("/item/content/0/text")
                .asText();
    }

    private static Booking booking(JsonNode response) {
        return rig.simulator().books().find(response.path("id").asText()).orElseThrow();
    }

    private static void assertInLedgerAsInBooks(JsonNode response) {
        String id = response.path("id").asText();
        Usage usage = booking(response).usage();
        List<String> figures = new ArrayList<>();
        for (String column : List.of("kind", "text_in + audio_in", "text_out + audio_out", "upstream_session")) {
            figures.add(rig.entry(column, id));
        }
        assertThat(figures)
                .containsExactly(
                        "usage",
                        Long.toString(usage.input().text() + usage.input().audio()),
                        Long.toString(usage.output().text() + usage.output().audio()),
                        booking(response).sessionId());
    }
}
