package dev.parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.quota.SessionPermit.RateLimit;
import dev.parley.quota.Unit;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Voices, tools, audio and the limits of each minute, as the client meets them. */
class QuotaRulesTest {
    private static final String MCP =
            "\"tools\":[{\"type\":\"mcp\",\"server_label\":\"x\",\"server_url\":\"https://x.example\"}]";

    @Test
    void aVoiceThatIsNotOnTheListIsRefusedInTheSessionAndInAResponse() {
        try (SessionRig rig = voices("marin", "cedar")) {
            rig.clientSends("{\"type\":\"session.update\",\"event_id\":\"u\",\"session\":{\"type\":\"realtime\","
                    + "\"audio\":{\"output\":{\"voice\":\"alloy\"}}}}");
            JsonNode refused = rig.toClient().getLast().path("error");
            assertThat(refused.path("code").asText()).isEqualTo("voice_not_allowed");
            assertThat(refused.path("param").asText()).isEqualTo("session.audio.output.voice");
            assertThat(refused.path("event_id").asText()).isEqualTo("u");
            assertThat(refused.path("message").asText()).contains("cedar, marin");

            rig.clientSends(
                    "{\"type\":\"response.create\",\"response\":{\"audio\":{\"output\":{\"voice\":{\"id\":\"voice_1\"}}}}}");
            assertThat(rig.toClient().getLast().at("/error/param").asText()).isEqualTo("response.audio.output.voice");
            assertThat(rig.toUpstream())
                    .noneMatch(event -> event.path("type").asText().equals("response.create"));

            rig.clientSends("{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"audio\":{\"output\":"
                    + "{\"voice\":\"marin\"}}}}");
            assertThat(rig.sent("session.update")
                            .at("/session/audio/output/voice")
                            .asText())
                    .isEqualTo("marin");
        }
    }

    @Test
    void mcpToolsAndHostedPromptsNeedTheTenantsLeave() {
        try (SessionRig rig = SessionRig.started()) {
            rig.upstreamSends(SessionRig.updated(false));
            rig.clientSends("{\"type\":\"response.create\",\"response\":{" + MCP + "}}");
            assertThat(rig.toClient().getLast().at("/error/code").asText()).isEqualTo("mcp_not_allowed");
            rig.clientSends("{\"type\":\"response.create\",\"response\":{\"prompt\":{\"id\":\"pmpt_1\"}}}");
            assertThat(rig.toClient().getLast().at("/error/code").asText()).isEqualTo("prompt_not_allowed");

            rig.change(own -> own.withMcpAllowed(true).withPromptsAllowed(true));
            rig.clientSends("{\"type\":\"response.create\",\"response\":{" + MCP + "}}");
            assertThat(rig.sent("response.create").at("/response/tools/0/type").asText())
                    .isEqualTo("mcp");
        }
    }

    @Test
    void whatTheBrokerCannotSeeIsReservedAsAWholeContext() {
        try (SessionRig rig = SessionRig.started(setup -> {
            setup.settings = own -> own.withMcpAllowed(true);
            return setup;
        })) {
            rig.upstreamSends(SessionRig.updated(false));
            rig.clientSends("{\"type\":\"response.create\",\"response\":{\"max_output_tokens\":100}}");
            long seen = rig.on(rig.budget::reserved).value();
            rig.clientSends(
                    "{\"type\":\"response.create\",\"response\":{\"max_output_tokens\":100,\"conversation\":\"none\","
                            + MCP + "}}");

            assertThat(rig.on(rig.budget::reserved).value() - seen)
                    .as("a whole context of text at the least")
                    .isGreaterThan(32_768L * 4_000);
        }
    }

    @Test
    void audioAboveTheQuotaIsRefusedAndNotSent() {
        try (SessionRig rig = SessionRig.started()) {
            rig.upstreamSends(SessionRig.updated(false));
            rig.on(() -> {
                rig.budget.audioLeft(25);
                return true;
            });
            String append = "{\"type\":\"input_audio_buffer.append\",\"audio\":\"" + "A".repeat(640) + "\"}"; // 11 ms

            rig.clientSends(append);
            rig.clientSends(append);
            rig.clientSends(append);

            assertThat(rig.toUpstream().stream()
                            .filter(event -> event.path("type").asText().equals("input_audio_buffer.append")))
                    .hasSize(2);
            assertThat(rig.toClient().getLast().at("/error/code").asText()).isEqualTo("rate_limit_exceeded");
            assertThat(rig.on(rig.client::isOpen)).isTrue();
        }
    }

    @Test
    void audioInItemsAndInResponsesCountsAgainstTheSameQuota() {
        try (SessionRig rig = SessionRig.started()) {
            rig.upstreamSends(SessionRig.updated(false));
            rig.on(() -> {
                rig.budget.audioLeft(25);
                return true;
            });
            String message =
                    "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_audio\",\"audio\":\""
                            + "A".repeat(640) + "\"}]}"; // 11 ms
            String item = "{\"type\":\"conversation.item.create\",\"item\":" + message + "}";
            String response =
                    "{\"type\":\"response.create\",\"event_id\":\"r\",\"response\":{\"conversation\":\"none\",\"input\":["
                            + message + "]}}";

            rig.clientSends(item);
            rig.clientSends(response);
            assertThat(rig.toClient())
                    .noneMatch(event -> event.path("type").asText().equals("error"));
            rig.clientSends(item);
            rig.clientSends(response);

            assertThat(rig.toUpstream().stream().map(event -> event.path("type").asText()))
                    .containsOnlyOnce("conversation.item.create", "response.create");
            assertThat(rig.toClient().getLast().at("/error/code").asText()).isEqualTo("rate_limit_exceeded");
            assertThat(rig.toClient().getLast().at("/error/event_id").asText()).isEqualTo("r");
        }
    }

    @Test
    void rateLimitsAreTheTenantsNotTheAccounts() {
        try (SessionRig rig = SessionRig.started()) {
            rig.upstreamSends(SessionRig.updated(false));
            rig.on(() -> {
                rig.budget.rateLimits(
                        new RateLimit(Unit.RESPONSES, 60, 12, Duration.ofMillis(1_500)),
                        new RateLimit(Unit.TOKENS, 9_000, 8_000, Duration.ofSeconds(1)),
                        new RateLimit(Unit.RESPONSES, 5, 3, Duration.ofMillis(1_500)));
                return true;
            });

            rig.upstreamSends("{\"type\":\"rate_limits.updated\",\"event_id\":\"event_7\",\"rate_limits\":[{\"name\":"
                    + "\"requests\",\"limit\":987654,\"remaining\":987653,\"reset_seconds\":0.1}]}");

            JsonNode told = rig.toClient().getLast();
            assertThat(told.path("event_id").asText()).isEqualTo("event_7");
            assertThat(told.toString()).doesNotContain("98765");
            assertThat(told.at("/rate_limits/0/name").asText()).isEqualTo("requests");
            assertThat(told.at("/rate_limits/0/limit").asInt()).isEqualTo(5);
            assertThat(told.at("/rate_limits/0/remaining").asInt()).isEqualTo(3);
            assertThat(told.at("/rate_limits/0/reset_seconds").asDouble()).isEqualTo(1.5);
            assertThat(told.at("/rate_limits/1/name").asText()).isEqualTo("tokens");
            assertThat(told.path("rate_limits").size()).isEqualTo(2);
        }
    }

    @Test
    void aMinutesQuotaIsAskedAnewWhenSomebodySpeaksAgain() {
        try (SessionRig rig = SessionRig.started(setup -> {
            setup.voiceActivity = true;
            return setup;
        })) {
            rig.upstreamSends(SessionRig.updated(true));
            rig.upstreamSends(
                    "{\"type\":\"input_audio_buffer.speech_started\",\"audio_start_ms\":0,\"item_id\":\"i\"}");
            assertThat(rig.on(rig.budget::renewals)).isEqualTo(1);
            assertThat(updates(rig)).hasSize(1);

            rig.on(() -> {
                rig.budget.refuseRenewals();
                return true;
            });
            rig.upstreamSends(
                    "{\"type\":\"input_audio_buffer.speech_started\",\"audio_start_ms\":9,\"item_id\":\"j\"}");

            assertThat(rig.sent("session.update")
                            .at("/session/audio/input/turn_detection/create_response")
                            .asBoolean(true))
                    .as("gated: each turn is asked for, and refused, by itself")
                    .isFalse();
        }
    }

    private static List<JsonNode> updates(SessionRig rig) {
        return rig.toUpstream().stream()
                .filter(event -> event.path("type").asText().equals("session.update"))
                .toList();
    }

    private static SessionRig voices(String... names) {
        SessionRig rig = SessionRig.started(setup -> {
            setup.settings = own -> own.withVoices(Set.of(names));
            return setup;
        });
        rig.upstreamSends(SessionRig.updated(false));
        return rig;
    }
}
