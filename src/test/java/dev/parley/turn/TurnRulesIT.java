package dev.parley.turn;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.domain.Refusal;
import dev.parley.domain.SessionId;
import dev.parley.domain.TenantId;
import dev.parley.gateway.BrokerRig;
import dev.parley.gateway.WireClient;
import dev.parley.relay.RelayLimits;
import dev.parley.tenancy.LimitName;
import dev.parley.tenancy.PoolMode;
import dev.parley.tenancy.Settings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a tenant's settings, its operators and slow clients can do to a session holds in turn mode as in the other. */
class TurnRulesIT {
    private static final String CREATE = "{\"type\":\"response.create\",\"event_id\":\"c1\"}";

    private static BrokerRig rig;

    @BeforeAll
    static void start() throws Exception {
        RelayLimits usual = RelayLimits.client();
        RelayLimits strict = new RelayLimits(
                usual.frameBytesMax(),
                usual.messageBytesMax(),
                usual.fragmentsMax(),
                usual.messagesPerSecondMax(),
                1 << 20,
                Duration.ofSeconds(2),
                usual.heldBytesMax(),
                usual.pingInterval(),
                usual.silenceMax(),
                usual.messageTimeout(),
                usual.closeTimeout());
        rig = new BrokerRig(strict, TurnRig.limits(16, 8, Duration.ofMillis(300)));
    }

    @AfterEach
    void quiet() {
        rig.assertQuiet();
        rig.simulator().scripts().clear();
    }

    @AfterAll
    static void stop() {
        rig.close();
    }

    @Test
    void whatATenantMayNoLongerDoIsRefusedAtTheNextResponse() throws Exception {
        tenant("changing", own -> own);
        try (WireClient client = rig.connect("changing")) {
            client.await("session.created");
            client.say("hello").send(CREATE);
            assertThat(client.await("response.done").at("/response/status").asText())
                    .isEqualTo("completed");
            change("changing", own -> own.withVoices(Set.of("ash")).with(LimitName.OUTPUT_TOKENS_MAX, 33));
            JsonNode error = refusal(client);
            assertThat(error.path("code").asText()).isEqualTo("voice_not_allowed");
            assertThat(error.path("param").asText()).isEqualTo("session.audio.output.voice");
            client.send("{\"type\":\"response.create\",\"response\":{\"output_modalities\":[\"text\"]}}");
            assertThat(client.await("response.created")
                            .at("/response/max_output_tokens")
                            .asInt())
                    .as("text needs no voice, and the new limit holds")
                    .isEqualTo(33);
            client.await("response.done");
        }
    }

    @Test
    void aSuspendedTenantsSessionsEnd() throws Exception {
        tenant("suspended", own -> own);
        try (WireClient client = rig.text("suspended")) {
            rig.tenants().suspend(new TenantId("suspended"));
            assertThat(client.await("error").at("/error/code").asText()).isEqualTo("tenant_suspended");
            assertThat(client.closeCode()).isEqualTo(4403);
        }
    }

    @Test
    void aSessionEndsAtItsLongestLength() throws Exception {
        tenant("short", own -> own.with(LimitName.SESSION_LENGTH_MAX_SECONDS, 1));
        try (WireClient client = rig.text("short")) {
            assertThat(client.await("error").at("/error/code").asText()).isEqualTo("session_expired");
            assertThat(client.closeCode()).isEqualTo(1001);
        }
    }

    @Test
    void aDrainLetsTheRunningResponseEnd() throws Exception {
        tenant("drained", own -> own);
        rig.script("{\"deltaIntervalMillis\":10,\"outputTokens\":40}");
        try (WireClient client = rig.text("drained")) {
            client.say("hello").send(CREATE);
            client.await("response.output_text.delta");
            rig.registry().endAll(Duration.ofSeconds(20));
            assertThat(client.await("response.done").at("/response/status").asText())
                    .isEqualTo("completed");
            assertThat(client.await("error").at("/error/code").asText()).isEqualTo("node_draining");
            assertThat(client.closeCode()).isEqualTo(1012);
        }
    }

    @Test
    void anOperatorEndsASessionInMidResponse() throws Exception {
        tenant("ended", own -> own);
        rig.script("{\"deltaIntervalMillis\":10,\"outputTokens\":4000}");
        try (WireClient client = rig.text("ended")) {
            client.say("hello").send(CREATE);
            String id = client.await("response.created").at("/response/id").asText();
            client.await("response.output_text.delta");
            SessionId session = rig.registry().snapshots().getFirst().id();
            rig.registry().end(session, Refusal.of(Refusal.Kind.FORBIDDEN, "ended_by_operator", "Enough."));
            assertThat(client.await("error").at("/error/code").asText()).isEqualTo("ended_by_operator");
            assertThat(client.closeCode()).isEqualTo(4403);
            rig.assertQuiet("ended");
            assertThat(rig.entry("status", id)).isEqualTo("cancelled");
        }
    }

    @Test
    void audioCountsWhereverItComes() throws Exception {
        tenant("talkative", own -> own.with(LimitName.AUDIO_SECONDS_PER_DAY, 3));
        String second = "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_audio\",\"audio\":\""
                + Base64.getEncoder().encodeToString(new byte[48_000]) + "\"}]}";
        try (WireClient client = rig.text("talkative")) {
            client.send("{\"type\":\"conversation.item.create\",\"item\":" + second + "}");
            client.await("conversation.item.done");
            client.send("{\"type\":\"response.create\",\"response\":{\"conversation\":\"none\",\"input\":[" + second
                    + "]}}");
            client.await("response.done");
            client.speak(new byte[40_000]).send("{\"type\":\"input_audio_buffer.commit\"}");
            client.await("input_audio_buffer.committed");
            client.send("{\"type\":\"conversation.item.create\",\"event_id\":\"more\",\"item\":" + second + "}");
            JsonNode error = client.await("error").path("error");
            assertThat(error.path("code").asText()).isEqualTo("rate_limit_exceeded");
            assertThat(error.path("event_id").asText()).isEqualTo("more");
        }
    }

    @Test
    void aSlowClientIsCutAndItsUsageKeptAndNobodyElseWaits() throws Exception {
        tenant("slow", own -> own);
        rig.script("{\"outputTokens\":4000,\"audioDeltaBytes\":75000}");
        String id;
        try (WireClient slow = rig.connect("slow");
                WireClient other = rig.text("slow")) {
            slow.await("session.created");
            slow.say("hello").send(CREATE);
            id = slow.await("response.created").at("/response/id").asText();
            slow.socket().pause();
            other.say("quick").send("{\"type\":\"response.create\",\"response\":{\"max_output_tokens\":20}}");
            other.await("response.done");
            BrokerRig.eventually("the slow one has gone", () -> rig.registry().size() == 1);
        }
        rig.assertQuiet("slow");
        assertThat(rig.entry("count(*)", id)).isEqualTo("1");
    }

    @Test
    void aLostClientComesBackToItsSession() throws Exception {
        tenant("lost", own -> own.with(LimitName.RESUME_WINDOW_SECONDS, 30));
        rig.script("{\"deltaIntervalMillis\":10,\"outputTokens\":40}");
        WireClient first = rig.text("lost");
        first.say("hello").send(CREATE);
        first.await("response.output_text.delta");
        first.socket().close((short) 3000, "lost");
        assertThat(first.closeCode()).isEqualTo(3000);
        List<JsonNode> events = new ArrayList<>(first.heard());
        BrokerRig.eventually("it is parked", () -> rig.registry().parked() == 1);
        String session = events.getFirst().at("/session/id").asText();
        String last = events.getLast().path("event_id").asText();
        try (WireClient second = rig.connect("lost", "?session_id=" + session + "&last_event_id=" + last)) {
            JsonNode done = second.await("response.done").path("response");
            assertThat(done.path("status").asText()).isEqualTo("completed");
            assertThat(rig.entry("status", done.path("id").asText())).isEqualTo("completed");
            second.say("and on").send(CREATE);
            second.await("response.done");
            events.addAll(second.heard());
            assertThat(events)
                    .extracting(event -> event.path("event_id").asText())
                    .doesNotHaveDuplicates();
            String text = events.stream()
                    .filter(event -> event.path("response_id")
                            .asText()
                            .equals(done.path("id").asText()))
                    .map(event -> event.path("delta").asText())
                    .collect(Collectors.joining());
            assertThat(text).isEqualTo(done.at("/output/0/content/0/text").asText());
        }
        rig.assertQuiet("lost");
    }

    @Test
    void fewReferencesToALargeItemAreNotALargerRequestThanAllowed() throws Exception {
        tenant("greedy", own -> own);
        String reference = "{\"type\":\"item_reference\",\"id\":\"%s\"}";
        try (WireClient client = rig.text("greedy")) {
            client.send(
                    "{\"type\":\"conversation.item.create\",\"item\":{\"id\":\"large\",\"type\":\"message\",\"role\":\"user\","
                            + "\"content\":[{\"type\":\"input_text\",\"text\":\"" + "x".repeat(1_000_000) + "\"}]}}");
            client.await("conversation.item.done");
            client.say("small");
            String small = client.await("conversation.item.done").at("/item/id").asText();
            for (String input : List.of(
                    String.join(",", Collections.nCopies(40, reference.formatted("large"))),
                    String.join(",", Collections.nCopies(2_001, reference.formatted(small))))) {
                client.send("{\"type\":\"response.create\",\"response\":{\"conversation\":\"none\",\"input\":[" + input
                        + "]}}");
                JsonNode error = client.await("error").path("error");
                assertThat(error.path("code").asText()).isEqualTo("invalid_value");
                assertThat(error.path("message").asText()).contains("at most");
            }
        }
    }

    @Test
    void idsThatClientsChooseStayInTheirSession() throws Exception {
        tenant("twins", own -> own);
        String item =
                "{\"type\":\"conversation.item.create\",\"item\":{\"id\":\"mine\",\"type\":\"message\",\"role\":\"user\","
                        + "\"content\":[{\"type\":\"input_text\",\"text\":\"I am %s\"}]}}";
        try (WireClient one = rig.text("twins");
                WireClient two = rig.text("twins")) {
            one.send(item.formatted("one"));
            two.send(item.formatted("two"));
            for (WireClient client : new WireClient[] {one, two}) {
                client.send("{\"type\":\"response.create\",\"response\":{\"conversation\":\"none\","
                        + "\"input\":[{\"type\":\"item_reference\",\"id\":\"mine\"}]}}");
            }
            assertThat(one.await("response.done").path("response").toString())
                    .contains("I am one")
                    .doesNotContain("I am two");
            assertThat(two.await("response.done").path("response").toString()).contains("I am two");
        }
    }

    private static void tenant(String name, UnaryOperator<Settings> settings) {
        rig.tenant(name, made -> made.withOwn(settings.apply(made.own().withPoolMode(PoolMode.TURN))));
    }

    private static void change(String name, UnaryOperator<Settings> settings) {
        rig.tenants().change(new TenantId(name), tenant -> tenant.withOwn(settings.apply(tenant.own())));
    }

    /** Asks until the session has heard of the change. */
    private static JsonNode refusal(WireClient client) throws Exception {
        while (true) {
            client.send(CREATE);
            JsonNode answer = client.await(
                    "an end",
                    event -> event.path("type").asText().equals("response.done")
                            || event.path("type").asText().equals("error"));
            if (answer.has("error")) {
                return answer.path("error");
            }
        }
    }
}
