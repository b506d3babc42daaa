package dev.parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.auth.Binding;
import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.relay.LegEnd;
import io.vertx.core.Promise;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a client's {@code response.create} is covered with, lowered to, or refused for. */
class AdmissionRulesTest {
    @Test
    void sendsAFiniteLimitAtTheStartAndHidesTheAnswer() {
        try (SessionRig rig = SessionRig.started()) {
            assertThat(rig.sent("session.update")
                            .path("session")
                            .path("max_output_tokens")
                            .asInt())
                    .isEqualTo(4096);
            assertThat(rig.clientTypes()).containsExactly("session.created");

            rig.upstreamSends(SessionRig.updated(false));
            assertThat(rig.clientTypes()).containsExactly("session.created");
        }
    }

    @Test
    void addsTheLimitAndAnIdToABareCreate() {
        try (SessionRig rig = SessionRig.started()) {
            rig.clientSends("{\"type\":\"response.create\",\"x_unknown\":1.50}");

            JsonNode sent = rig.sent("response.create");
            assertThat(sent.path("response").path("max_output_tokens").asInt()).isEqualTo(4096);
            assertThat(sent.path("event_id").asText()).startsWith("event_parley_");
            assertThat(rig.on(rig.upstream::written).getLast()).contains("\"x_unknown\":1.50");
        }
    }

    @Test
    void capsTheLimitByTheTenantAndKeepsASmallerWish() {
        try (SessionRig rig = SessionRig.started(setup -> {
            setup.outputTokensMax = 1_000;
            return setup;
        })) {
            rig.clientSends("{\"type\":\"response.create\",\"response\":{\"max_output_tokens\":\"inf\"}}");
            assertThat(limit(rig)).isEqualTo(1_000);
            rig.clientSends(
                    "{\"type\":\"response.create\",\"response\":{\"conversation\":\"none\",\"max_output_tokens\":200}}");
            assertThat(limit(rig)).isEqualTo(200);
        }
    }

    @Test
    void lowersTheLimitToWhatIsLeftAndRefusesUnderTheFloor() {
        // 100 audio tokens of output cost 0.0064; the floor is 50 tokens.
        try (SessionRig rig = SessionRig.started(setup -> {
            setup.budget = "0.0100";
            return setup;
        })) {
            rig.clientSends("{\"type\":\"response.create\",\"event_id\":\"c1\"}");
            assertThat(limit(rig)).isBetween(50, 156);
            assertThat(rig.on(rig.budget::reserved).compareTo(NanoUsd.ofUsd("0.0100")))
                    .isNotPositive();

            rig.clientSends(
                    "{\"type\":\"response.create\",\"event_id\":\"c2\",\"response\":{\"conversation\":\"none\"}}");
            JsonNode error = rig.toClient().getLast().path("error");
            assertThat(error.path("code").asText()).isEqualTo("budget_exhausted");
            assertThat(error.path("type").asText()).isEqualTo("insufficient_quota");
            assertThat(error.path("event_id").asText()).isEqualTo("c2");
            assertThat(rig.on(rig.client::isOpen)).isTrue();
        }
    }

    @Test
    void closesAnExhaustedSessionWhenItsTenantWantsThat() {
        try (SessionRig rig = SessionRig.started(setup -> {
            setup.budget = "0.0001";
            setup.closeOnExhausted = true;
            return setup;
        })) {
            rig.clientSends("{\"type\":\"response.create\",\"event_id\":\"c1\"}");

            assertThat(rig.clientTypes()).containsExactly("session.created", "error");
            assertThat(rig.on(rig.client::closeCode)).isEqualTo(4429);
            rig.assertNothingLeft();
        }
    }

    @Test
    void textResponsesAreCoveredAtTheTextPrice() {
        try (SessionRig rig = SessionRig.started()) {
            rig.clientSends("{\"type\":\"response.create\",\"response\":{\"output_modalities\":[\"text\"]}}");

            assertThat(rig.on(rig.budget::reserved).value()).isBetween(4_096L * 16_000, 4_096L * 16_000 + 4_000_000);
        }
    }

    @Test
    void countsWhatTheClientAddsToTheConversation() {
        try (SessionRig rig = SessionRig.started()) {
            long bare = reservedFor(rig, "{\"type\":\"response.create\"}");
            rig.clientSends(
                    "{\"type\":\"conversation.item.create\",\"item\":{\"type\":\"message\",\"role\":\"user\",\"content\":"
                            + "[{\"type\":\"input_text\",\"text\":\"" + "x".repeat(1_000) + "\"}]}}");
            long more = reservedFor(rig, "{\"type\":\"response.create\",\"response\":{\"conversation\":\"none\"}}");

            assertThat(more - bare).isBetween(1_000L * 4_000, 1_300L * 4_000);
        }
    }

    @Test
    void measuresAudioInItemsAsAudio() {
        try (SessionRig rig = SessionRig.started()) {
            long bare = reservedFor(rig, "{\"type\":\"response.create\"}");
            // Ten seconds of pcm16 at 24 kHz are 640,000 characters of base64 and about 100 tokens.
            rig.clientSends(
                    "{\"type\":\"conversation.item.create\",\"item\":{\"type\":\"message\",\"role\":\"user\",\"content\":"
                            + "[{\"type\":\"input_audio\",\"audio\":\"" + "A".repeat(640_000) + "\"}]}}");
            long more = reservedFor(rig, "{\"type\":\"response.create\",\"response\":{\"conversation\":\"none\"}}");

            assertThat(more - bare).isBetween(100L * 32_000, 140L * 32_000);
        }
    }

    @Test
    void keepsTheClientsOrderWhenDecisionsTakeTime() {
        try (SessionRig rig = SessionRig.started()) {
            Promise<Void> database = rig.on(rig.budget::delayDecisions);
            rig.clientSends("{\"type\":\"response.create\",\"event_id\":\"a\"}");
            rig.clientSends("{\"type\":\"conversation.item.create\",\"event_id\":\"b\",\"item\":{}}");
            rig.clientSends("{\"type\":\"input_audio_buffer.append\",\"event_id\":\"c\",\"audio\":\"AAAA\"}");
            assertThat(rig.toUpstream())
                    .extracting(e -> e.path("event_id").asText())
                    .doesNotContain("a", "b", "c");

            rig.on(() -> database.tryComplete());
            assertThat(rig.toUpstream())
                    .extracting(e -> e.path("event_id").asText())
                    .endsWith("a", "b", "c");
        }
    }

    @Test
    void refusesWhenTheLedgerHasNoPlace() {
        try (SessionRig rig = SessionRig.started()) {
            rig.on(() -> {
                rig.ledger.placesLeft(0);
                return true;
            });
            rig.clientSends("{\"type\":\"response.create\",\"event_id\":\"c1\"}");

            assertThat(rig.toClient().getLast().path("error").path("code").asText())
                    .isEqualTo("ledger_full");
            assertThat(rig.toUpstream())
                    .extracting(e -> e.path("type").asText())
                    .doesNotContain("response.create");
        }
    }

    @Test
    void refusesWhatTheBrokerCannotSeeOrPrice() {
        try (SessionRig rig = SessionRig.started()) {
            assertThat(refusedWith(rig, "{\"type\":\"response.create\",\"response\":{\"prompt\":{\"id\":\"p\"}}}"))
                    .isEqualTo("prompt_not_allowed");
            assertThat(refusedWith(rig, "{\"type\":\"response.create\",\"response\":{\"tools\":[{\"type\":\"mcp\"}]}}"))
                    .isEqualTo("mcp_not_allowed");
            assertThat(refusedWith(rig, "{\"type\":\"response.create\",\"response\":{\"max_output_tokens\":0}}"))
                    .isEqualTo("invalid_value");
            assertThat(refusedWith(rig, "{\"type\":\"response.create\",\"type\":\"x\"}"))
                    .isEqualTo("invalid_event");
            assertThat(refusedWith(rig, "{\"type\":\"x\",\"type\":\"response.create\"}"))
                    .isEqualTo("invalid_event");
            assertThat(refusedWith(rig, "no json")).isEqualTo("invalid_event");
            assertThat(refusedWith(rig, "{\"type\":\"x\",\"a\":" + "[".repeat(500) + "]".repeat(500) + "}"))
                    .isEqualTo("invalid_event");
            assertThat(rig.on(rig.client::isOpen)).isTrue();
        }
    }

    @Test
    void admitsACreateWhoseTypeIsSpelledWithEscapes() {
        try (SessionRig rig = SessionRig.started()) {
            rig.clientSends("{\"\\u0074ype\":\"response\\u002ecreate\"}");

            assertThat(rig.on(rig.budget::openReservations)).isEqualTo(2);
            assertThat(rig.on(rig.upstream::written).getLast()).contains("\"max_output_tokens\":4096");
        }
    }

    @Test
    void endsTheSessionWhenTheUpstreamActsOnWhatWasNotAdmitted() {
        // All of these can come of an append with a second "type", which passes unread.
        for (String event : new String[] {
            "{\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\",\"conversation_id\":\"c\"}}",
            SessionRig.updated(false).replace("4096", "\"inf\""),
            SessionRig.updated(false).replace("\"transcription\":null", "\"transcription\":{\"model\":\"other\"}")
        }) {
            try (SessionRig rig = SessionRig.started()) {
                rig.upstreamSends(event);

                assertThat(rig.toClient().getLast().path("error").path("code").asText())
                        .isEqualTo("unadmitted_event");
                assertThat(rig.on(rig.client::closeCode)).isEqualTo(4400);
                rig.assertNothingLeft();
            }
        }
    }

    @Test
    void endsTheSessionWhenACoveredResponseRunsWithoutItsLimit() {
        try (SessionRig rig = SessionRig.started()) {
            rig.clientSends("{\"type\":\"response.create\"}");
            rig.upstreamSends(
                    "{\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\",\"conversation_id\":\"c\","
                            + "\"max_output_tokens\":\"inf\"}}");

            assertThat(rig.sent("response.cancel").path("response_id").asText()).isEqualTo("resp_1");
            assertThat(rig.on(rig.client::closeCode)).isEqualTo(4400);
            rig.assertNothingLeft();
        }
    }

    @Test
    void endsTheSessionWhenWhatItsSecretFixesCannotBeHad() {
        for (boolean fixed : new boolean[] {true, false}) {
            try (SessionRig rig = SessionRig.started(setup -> {
                setup.binding = new Binding(
                        "secret_1",
                        false,
                        ModelKind.CONVERSATION,
                        new ModelName(SessionRig.MODEL),
                        "{\"type\":\"realtime\",\"prompt\":{\"id\":\"pmpt_1\"}}",
                        fixed ? Set.of("prompt") : Set.of(),
                        new Binding.Maker("parley", null));
                return setup;
            })) {
                assertThat(rig.toClient().get(1).at("/error/code").asText()).isEqualTo("prompt_not_allowed");
                if (fixed) {
                    assertThat(rig.toClient().getLast().at("/error/code").asText())
                            .isEqualTo("client_secret_settings_refused");
                    assertThat(rig.on(rig.client::closeCode)).isEqualTo(4403);
                    rig.assertNothingLeft();
                } else {
                    assertThat(rig.toClient()).hasSize(2);
                }
            }
        }
    }

    @Test
    void binaryMessagesEndTheSession() {
        try (SessionRig rig = SessionRig.started()) {
            rig.on(() -> {
                rig.client.receive("x", false);
                return true;
            });
            assertThat(rig.clientTypes()).containsExactly("session.created", "error");
            assertThat(rig.on(rig.client::closeCode)).isEqualTo(1003);
            rig.assertNothingLeft();
        }
    }

    @Test
    void releasesACreateThatWasNeverAnswered() {
        try (SessionRig rig = SessionRig.started()) {
            rig.clientSends("{\"type\":\"response.create\"}");
            rig.on(() -> {
                rig.client.lose(new LegEnd(LegEnd.Cause.PEER_LOST, 1006, ""));
                return true;
            });
            rig.assertNothingLeft();
            assertThat(rig.entries()).isEmpty();
        }
    }

    private static int limit(SessionRig rig) {
        return rig.sent("response.create")
                .path("response")
                .path("max_output_tokens")
                .asInt();
    }

    private static long reservedFor(SessionRig rig, String create) {
        long before = rig.on(rig.budget::reserved).value();
        rig.clientSends(create);
        return rig.on(rig.budget::reserved).value() - before;
    }

    private static String refusedWith(SessionRig rig, String event) {
        int sent = rig.toUpstream().size();
        rig.clientSends(event);
        assertThat(rig.toUpstream()).hasSize(sent);
        return rig.toClient().getLast().path("error").path("code").asText();
    }
}
