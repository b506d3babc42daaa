package dev.parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.domain.NanoUsd;
import dev.parley.relay.LegEnd;
import dev.parley.tenancy.LimitName;
import io.vertx.core.Promise;
import org.junit.jupiter.api.Test;

/** Responses that the provider starts by itself, and what they run on. */
class AutomaticResponsesTest {
    private static final String USAGE =
            "{\"total_tokens\":110,\"input_tokens\":100,\"output_tokens\":10,\"input_token_details\":{\"text_tokens\":0,"
                    + "\"audio_tokens\":100},\"output_token_details\":{\"text_tokens\":0,\"audio_tokens\":10}}";

    private static final String IDLE_ONLY =
            "{\"type\":\"server_vad\",\"create_response\":false,\"idle_timeout_ms\":5000}";

    /** The whole worst case: 4096 tokens at 64 nano-dollars a thousandth, and some input. */
    private static final NanoUsd FULL = new NanoUsd(4_096L * 64_000);

    @Test
    void holdAStandingCoverFromTheStart() {
        try (SessionRig rig = speaking("100")) {
            assertThat(rig.on(rig.budget::reserved)).isGreaterThan(FULL);
            assertThat(rig.on(rig.budget::openReservations))
                    .as("standing and spare")
                    .isEqualTo(2);
        }
    }

    @Test
    void runOnTheStandingCoverWhichIsArmedAgain() {
        try (SessionRig rig = speaking("100")) {
            turn(rig, "resp_1");

            assertThat(rig.entries()).hasSize(1);
            assertThat(rig.entries().getFirst().cost().value()).isEqualTo(100 * 32_000 + 10 * 64_000);
            assertThat(rig.on(rig.budget::reserved)).isGreaterThan(FULL);
            turn(rig, "resp_2");
            assertThat(rig.entries()).hasSize(2);
            assertThat(rig.toUpstream())
                    .extracting(e -> e.path("type").asText())
                    .doesNotContain("response.cancel");
            endAndCheck(rig);
        }
    }

    @Test
    void areCoveredForNoMoreThanAResponseMayPutOut() {
        try (SessionRig rig = SessionRig.started(setup -> {
            setup.voiceActivity = true;
            setup.outputTokensMax = 1;
            return setup;
        })) {
            long standing = rig.on(rig.budget::reserved).value();
            speak(rig);
            rig.upstreamSends(created("resp_1"));

            assertThat(rig.on(rig.budget::reserved).value())
                    .as("one that runs and the least for the next, though the floor for lowering is 50 tokens")
                    .isEqualTo(2 * standing);
        }
    }

    @Test
    void areSwitchedOffFromTheStartWhenTheBudgetIsTooSmall() {
        try (SessionRig rig = speaking("0.1")) {
            JsonNode input =
                    rig.sent("session.update").path("session").path("audio").path("input");
            assertThat(input.path("turn_detection").path("create_response").asBoolean(true))
                    .isFalse();
            assertThat(input.path("turn_detection").path("threshold").asDouble())
                    .isEqualTo(0.5);

            speak(rig);
            JsonNode create = rig.sent("response.create");
            int granted = create.path("response").path("max_output_tokens").asInt();
            assertThat(granted).isBetween(50, 1_600);
            rig.upstreamSends(created("resp_1"));
            assertThat(rig.toUpstream())
                    .extracting(e -> e.path("type").asText())
                    .doesNotContain("response.cancel");
            rig.upstreamSends(done("resp_1", "completed"));
            assertThat(rig.clientTypes()).contains("response.created", "response.done");
            assertThat(rig.on(rig.budget::spent).compareTo(NanoUsd.ofUsd("0.1")))
                    .isNegative();
            endAndCheck(rig);
        }
    }

    @Test
    void areSwitchedOffWhenTheBudgetRunsOutAndTheNextTurnsAreGated() {
        // Enough for one full worst case (0.2622 and some input), not for a second one after what the first spends.
        try (SessionRig rig = speaking("0.2720")) {
            assertThat(rig.on(rig.budget::openReservations)).isEqualTo(2);
            turn(rig, "resp_1");

            JsonNode update = rig.sent("session.update").path("session");
            assertThat(update.path("audio")
                            .path("input")
                            .path("turn_detection")
                            .path("create_response")
                            .asBoolean(true))
                    .isFalse();
            rig.upstreamSends(updated(true));
            rig.upstreamSends(updated(false));
            assertThat(rig.clientTypes()).doesNotContain("session.updated");
            speak(rig);
            assertThat(rig.sent("response.create")
                            .path("response")
                            .path("max_output_tokens")
                            .asInt())
                    .as("what the standing cover held is free for the turn again")
                    .isPositive();
            rig.upstreamSends(created("resp_2"));
            assertThat(rig.toUpstream())
                    .extracting(e -> e.path("type").asText())
                    .doesNotContain("response.cancel");
            endAndCheck(rig);
        }
    }

    @Test
    void armOneStandingCoverAlsoWhenTwoStartWhileItIsBeingArmed() {
        try (SessionRig rig = speaking("100")) {
            Promise<Void> slow = rig.on(rig.budget::delayDecisions);
            rig.upstreamSends(created("resp_1"));
            rig.upstreamSends(done("resp_1", "completed"));
            rig.upstreamSends(created("resp_2"));
            rig.upstreamSends(done("resp_2", "completed"));
            rig.on(() -> slow.tryComplete());
            rig.on(() -> true);

            assertThat(rig.on(rig.budget::openReservations))
                    .as("standing and spare")
                    .isEqualTo(2);
            endAndCheck(rig);
        }
    }

    @Test
    void areAskedAboutNewLimitsWhenTheTenantsSettingsChange() {
        try (SessionRig rig = speaking("100")) {
            rig.on(() -> {
                rig.budget.refuseRenewals();
                return true;
            });

            rig.change(own -> own.with(LimitName.RESPONSES_PER_MINUTE, 0));

            assertThat(rig.sent("session.update")
                            .at("/session/audio/input/turn_detection/create_response")
                            .asBoolean(true))
                    .isFalse();
        }
    }

    @Test
    void giveUpAnIdleStandingCoverWhenOthersNeedIt() {
        try (SessionRig rig = speaking("100")) {
            rig.on(() -> {
                rig.budget.recall();
                return true;
            });

            JsonNode input =
                    rig.sent("session.update").path("session").path("audio").path("input");
            assertThat(input.path("turn_detection").path("create_response").asBoolean(true))
                    .isFalse();
            assertThat(rig.on(rig.budget::reserved))
                    .as("kept until the provider has switched them off")
                    .isGreaterThan(FULL);
            rig.upstreamSends(updated(true));
            rig.upstreamSends(updated(false));
            assertThat(rig.on(rig.budget::reserved)).isEqualTo(NanoUsd.ZERO);
            assertThat(rig.clientTypes()).doesNotContain("session.updated");
            speak(rig);
            rig.sent("response.create");
            endAndCheck(rig);
        }
    }

    @Test
    void areCancelledWhenTheySlipThroughAndStillBilled() {
        try (SessionRig rig = speaking("0.1")) {
            rig.upstreamSends(created("resp_stray"));

            assertThat(rig.sent("response.cancel").path("response_id").asText()).isEqualTo("resp_stray");
            rig.upstreamSends(done("resp_stray", "cancelled"));
            assertThat(rig.entries()).hasSize(1);
            assertThat(rig.on(rig.budget::spent))
                    .isEqualTo(rig.entries().getFirst().cost());
            endAndCheck(rig);
        }
    }

    @Test
    void clientSeesItsOwnTurnDetectionWhileGated() {
        try (SessionRig rig = speaking("0.1")) {
            rig.upstreamSends(updated(false));
            rig.clientSends(
                    "{\"type\":\"session.update\",\"event_id\":\"u1\",\"session\":{\"type\":\"realtime\",\"audio\":"
                            + "{\"input\":{\"turn_detection\":{\"type\":\"server_vad\",\"threshold\":0.7}}}}}");

            assertThat(rig.sent("session.update")
                            .path("session")
                            .path("audio")
                            .path("input")
                            .path("turn_detection")
                            .path("create_response")
                            .asBoolean(true))
                    .isFalse();
            rig.upstreamSends(updated(false));
            JsonNode told = rig.toClient().getLast();
            assertThat(told.path("type").asText()).isEqualTo("session.updated");
            assertThat(told.path("session")
                            .path("audio")
                            .path("input")
                            .path("turn_detection")
                            .path("create_response")
                            .asBoolean(false))
                    .isTrue();
        }
    }

    @Test
    void coverIsGivenBackWhenTheClientSwitchesThemOff() {
        try (SessionRig rig = speaking("100")) {
            rig.upstreamSends(updated(true));
            rig.clientSends("{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"audio\":"
                    + "{\"input\":{\"turn_detection\":null}}}}");
            assertThat(rig.on(rig.budget::openReservations)).isEqualTo(2);
            rig.upstreamSends(SessionRig.updated(false));

            assertThat(rig.on(rig.budget::openReservations))
                    .as("only the spare cover")
                    .isEqualTo(1);
        }
    }

    @Test
    void takesTheStandingCoverWhenTheCreateInFrontOfItWasRefused() {
        try (SessionRig rig = speaking("100")) {
            rig.clientSends(
                    "{\"type\":\"response.create\",\"event_id\":\"c1\",\"response\":{\"max_output_tokens\":60}}");
            rig.upstreamSends(created("resp_auto"));
            rig.upstreamSends("{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"code\":"
                    + "\"conversation_already_has_active_response\",\"message\":\"no\",\"event_id\":\"c1\"}}");

            assertThat(rig.on(rig.budget::openReservations))
                    .as("the running response's, the next one's, and the spare")
                    .isEqualTo(3);
            rig.upstreamSends(done("resp_auto", "completed"));
            assertThat(rig.entries()).hasSize(1);
            assertThat(rig.on(rig.budget::openReservations)).isEqualTo(2);
            endAndCheck(rig);
        }
    }

    @Test
    void coverGrowsWithWhatIsSpoken() {
        try (SessionRig rig = speaking("100")) {
            NanoUsd before = rig.on(rig.budget::reserved);
            append(rig, 5_000);
            rig.upstreamSends(
                    "{\"type\":\"input_audio_buffer.speech_started\",\"audio_start_ms\":0,\"item_id\":\"i\"}");
            for (int i = 0; i < 12; i++) {
                append(rig, 10_000);
            }
            assertThat(rig.on(rig.budget::reserved).minus(before).value())
                    .as("two minutes are at least 1,200 tokens")
                    .isGreaterThan(1_200L * 32_000);
        }
    }

    @Test
    void goOnWhenTheyAreSwitchedOffAndOnAgainInOneBreath() {
        try (SessionRig rig = speaking("100")) {
            rig.upstreamSends(updated(true));
            rig.clientSends(detection("null"));
            rig.clientSends(detection("{\"type\":\"server_vad\"}"));
            rig.upstreamSends(SessionRig.updated(false));
            rig.upstreamSends(updated(true));
            turn(rig, "resp_1");

            assertThat(rig.on(rig.client::isOpen)).isTrue();
            assertThat(rig.toUpstream())
                    .extracting(e -> e.path("type").asText())
                    .doesNotContain("response.cancel");
            assertThat(rig.on(rig.budget::openReservations))
                    .as("standing and spare")
                    .isEqualTo(2);
            endAndCheck(rig);
        }
    }

    @Test
    void areSwitchedOffAlsoWhenTheBudgetRanOutBeforeTheProviderKnewOfThem() {
        try (SessionRig rig = SessionRig.started(setup -> {
            setup.budget = "0.2720";
            return setup;
        })) {
            rig.upstreamSends(SessionRig.updated(false));
            rig.clientSends(detection("{\"type\":\"server_vad\"}"));
            rig.clientSends(
                    "{\"type\":\"conversation.item.create\",\"item\":{\"type\":\"message\",\"role\":\"user\",\"content\":"
                            + "[{\"type\":\"input_text\",\"text\":\"" + "x".repeat(10_000) + "\"}]}}");
            rig.upstreamSends(updated(true));

            assertThat(createsResponses(rig))
                    .as("the provider is told to start none by itself")
                    .isFalse();
            rig.upstreamSends(updated(false));
            assertThat(rig.on(rig.budget::openReservations))
                    .as("only the spare cover")
                    .isEqualTo(1);
            endAndCheck(rig);
        }
    }

    @Test
    void endTheSessionWhenTheProviderWillNotSwitchThemOff() {
        try (SessionRig rig = speaking("0.2720")) {
            rig.upstreamSends(updated(true));
            turn(rig, "resp_1");
            assertThat(createsResponses(rig)).isFalse();
            rig.upstreamSends(
                    "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"code\":\"x\",\"message\":"
                            + "\"no\",\"event_id\":\""
                            + rig.sent("session.update").path("event_id").asText() + "\"}}");

            assertThat(rig.on(rig.client::closeCode)).isEqualTo(1013);
            rig.assertNothingLeft();
        }
    }

    @Test
    void areCoveredAtThePriceOfTheModalitiesThatTheProviderTookOver() {
        try (SessionRig rig = speaking("100")) {
            rig.upstreamSends(updated(true).replace("[\"audio\"]", "[\"text\"]"));
            turn(rig, "resp_1");
            assertThat(rig.on(rig.budget::reserved)).isLessThan(FULL);
            rig.clientSends(
                    "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"output_modalities\":[\"audio\"]}}");

            assertThat(rig.on(rig.budget::reserved))
                    .as("before the provider can take it over")
                    .isGreaterThan(FULL);
        }
    }

    @Test
    void areCoveredWhenOnlyAnIdleTimeoutCanStartThem() {
        try (SessionRig rig = SessionRig.started()) {
            rig.upstreamSends(SessionRig.updated(false));
            rig.clientSends(detection(IDLE_ONLY));
            rig.upstreamSends(updated(false).replace("\"threshold\"", "\"idle_timeout_ms\":5000,\"threshold\""));

            assertThat(rig.on(rig.budget::reserved)).isGreaterThan(FULL);
            rig.upstreamSends("{\"type\":\"input_audio_buffer.timeout_triggered\",\"item_id\":\"i\"}");
            rig.upstreamSends("{\"type\":\"input_audio_buffer.committed\",\"item_id\":\"i\"}");
            rig.upstreamSends(created("resp_1"));
            rig.upstreamSends(done("resp_1", "completed"));
            assertThat(rig.on(rig.client::isOpen)).isTrue();
            assertThat(rig.toUpstream())
                    .extracting(e -> e.path("type").asText())
                    .doesNotContain("response.cancel", "response.create");
            assertThat(rig.entries()).hasSize(1);
            endAndCheck(rig);
        }
    }

    @Test
    void areNotStartedByAnIdleTimeoutEitherWhileGatedAndTheClientKeepsItsView() {
        try (SessionRig rig = SessionRig.started(setup -> {
            setup.budget = "0.1";
            return setup;
        })) {
            rig.upstreamSends(SessionRig.updated(false));
            rig.clientSends(detection(IDLE_ONLY));
            JsonNode sent = rig.sent("session.update").at("/session/audio/input/turn_detection");
            assertThat(sent.path("create_response").asBoolean(true)).isFalse();
            assertThat(sent.path("idle_timeout_ms").isNull()).isTrue();

            rig.upstreamSends(updated(false).replace("\"threshold\"", "\"idle_timeout_ms\":null,\"threshold\""));
            JsonNode told = rig.toClient().getLast().at("/session/audio/input/turn_detection");
            assertThat(told.path("create_response").asBoolean(true)).isFalse();
            assertThat(told.path("idle_timeout_ms").asInt()).isEqualTo(5_000);
            speak(rig);
            assertThat(rig.toUpstream())
                    .extracting(e -> e.path("type").asText())
                    .as("the client asks for its responses itself")
                    .doesNotContain("response.create");
            endAndCheck(rig);
        }
    }

    private static String detection(String turnDetection) {
        return "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"audio\":{\"input\":{\"turn_detection\":"
                + turnDetection + "}}}}";
    }

    private static boolean createsResponses(SessionRig rig) {
        return rig.sent("session.update")
                .path("session")
                .path("audio")
                .path("input")
                .path("turn_detection")
                .path("create_response")
                .asBoolean(true);
    }

    private static SessionRig speaking(String budget) {
        return SessionRig.started(setup -> {
            setup.voiceActivity = true;
            setup.budget = budget;
            return setup;
        });
    }

    private static void append(SessionRig rig, int millis) {
        rig.clientSends("{\"type\":\"input_audio_buffer.append\",\"audio\":\"" + "A".repeat(millis * 64) + "\"}");
    }

    private static void turn(SessionRig rig, String response) {
        speak(rig);
        rig.upstreamSends(created(response));
        rig.upstreamSends(done(response, "completed"));
    }

    private static void speak(SessionRig rig) {
        rig.upstreamSends("{\"type\":\"input_audio_buffer.speech_started\",\"audio_start_ms\":0,\"item_id\":\"i\"}");
        rig.upstreamSends("{\"type\":\"input_audio_buffer.speech_stopped\",\"audio_end_ms\":900,\"item_id\":\"i\"}");
        rig.upstreamSends("{\"type\":\"input_audio_buffer.committed\",\"previous_item_id\":null,\"item_id\":\"i\"}");
    }

    private static String created(String id) {
        return "{\"type\":\"response.created\",\"response\":{\"id\":\"" + id + "\",\"conversation_id\":\"c\"}}";
    }

    private static String done(String id, String status) {
        return "{\"type\":\"response.done\",\"response\":{\"id\":\"" + id + "\",\"conversation_id\":\"c\",\"status\":\""
                + status + "\",\"usage\":" + USAGE + "}}";
    }

    private static String updated(boolean createResponse) {
        return SessionRig.updated(true).replace("\"create_response\":true", "\"create_response\":" + createResponse);
    }

    private static void endAndCheck(SessionRig rig) {
        rig.on(() -> {
            rig.client.lose(new LegEnd(LegEnd.Cause.PEER_CLOSED, 1000, ""));
            return true;
        });
        rig.assertNothingLeft();
    }
}
