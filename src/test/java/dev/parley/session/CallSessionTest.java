package dev.parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.domain.Refusal;
import dev.parley.ledger.UsageEntry;
import dev.parley.relay.LegEnd;
import dev.parley.relay.LegEnd.Cause;
import dev.parley.session.CallLine.How;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** A call without a socket: what its sideband hears, what is paid for it, and every way in which it ends. */
class CallSessionTest {
    private static final String CREATED =
            "{\"type\":\"response.created\",\"event_id\":\"e\",\"response\":{\"id\":\"resp_%d\",\"status\":\"in_progress\","
                    + "\"conversation_id\":\"conv_1\",\"max_output_tokens\":4096,\"usage\":null}}";
    private static final String DONE =
            "{\"type\":\"response.done\",\"event_id\":\"e\",\"response\":{\"id\":\"resp_%d\",\"status\":\"completed\","
                    + "\"output_modalities\":[\"audio\"],\"usage\":{\"total_tokens\":150,\"input_tokens\":100,"
                    + "\"output_tokens\":50,\"input_token_details\":{\"text_tokens\":60,\"audio_tokens\":40,"
                    + "\"cached_tokens\":0},\"output_token_details\":{\"text_tokens\":10,\"audio_tokens\":40}}}}";

    @Test
    void metersWhatNobodyAskedForWhileNobodyListens() {
        try (SessionRig rig = talking(setup -> setup)) {
            respond(rig, 1);
            respond(rig, 2);
            respond(rig, 3);

            assertThat(rig.entries()).extracting(UsageEntry::reference).containsExactly("resp_1", "resp_2", "resp_3");
            assertThat(rig.entries())
                    .as("the ids do not depend on who listens")
                    .allSatisfy(entry -> assertThat(entry.upstreamSession()).isEqualTo("sess_1"));
            assertThat(rig.hungUp).isEmpty();
        }
    }

    @Test
    void aResponseThatBeganBeforeItListenedIsMeteredWhenItIsDone() {
        try (SessionRig rig = talking(setup -> setup)) {
            rig.upstreamSends(DONE.formatted(7));
            rig.until("it is in the ledger", () -> rig.ledger.entries().size() == 1);

            assertThat(rig.entries().getFirst().kind()).isEqualTo(UsageEntry.Kind.USAGE);
        }
    }

    @Test
    void hangsUpWhenItsTimeIsOverCountedFromItsBeginning() {
        try (SessionRig rig = SessionRig.call(
                setup -> {
                    setup.voiceActivity = true;
                    setup.sessionLengthMax = Duration.ofHours(1);
                    return setup;
                },
                Duration.ofMinutes(60))) {
            rig.until("the call is over", () -> !rig.callEnds.isEmpty());

            assertThat(rig.hungUp).containsExactly("session_expired");
            assertThat(rig.callEnds).containsExactly(How.OVER);
            rig.assertNothingLeft();
        }
    }

    @Test
    void hangsUpWhenItCannotBePaid() {
        try (SessionRig rig = talking(setup -> {
            setup.budget = "0.02";
            return setup;
        })) {
            rig.until(
                    "automatic responses are switched off",
                    () -> rig.upstream.events().stream()
                            .anyMatch(event -> event.at("/session/audio/input/turn_detection/create_response")
                                    .toString()
                                    .equals("false")));
            rig.upstreamSends(
                    SessionRig.updated(true).replace("\"create_response\":true", "\"create_response\":false"));
            for (int turn = 1; turn < 20 && rig.on(rig.hungUp::isEmpty); turn++) {
                rig.upstreamSends("{\"type\":\"input_audio_buffer.speech_started\",\"audio_start_ms\":" + 1_000 * turn
                        + ",\"item_id\":\"item_1\"}");
                rig.upstreamSends("{\"type\":\"input_audio_buffer.speech_stopped\",\"audio_end_ms\":"
                        + (1_000 * turn + 500) + ",\"item_id\":\"item_1\"}");
                rig.upstreamSends("{\"type\":\"input_audio_buffer.committed\",\"item_id\":\"item_1\"}");
                if (rig.toUpstream().stream()
                                .filter(event -> event.path("type").asText().equals("response.create"))
                                .count()
                        == turn) {
                    respond(rig, turn);
                }
            }
            rig.until("the call is over", () -> !rig.callEnds.isEmpty());

            assertThat(rig.hungUp).containsExactly("budget_exhausted");
            assertThat(rig.callEnds).containsExactly(How.OVER);
            rig.assertNothingLeft();
        }
    }

    @Test
    void whatTheCallersDeviceAsksForByItselfIsPaidForAndDoesNotEndTheCall() {
        try (SessionRig rig = SessionRig.call(setup -> setup, Duration.ZERO)) {
            rig.until("it is bounded", () -> rig.upstream.types().contains("session.update"));
            rig.upstreamSends(SessionRig.updated(false));
            respond(rig, 1);
            respond(rig, 2);

            assertThat(rig.entries()).extracting(UsageEntry::reference).containsExactly("resp_1", "resp_2");
            assertThat(rig.on(rig.upstream::types)).doesNotContain("response.cancel");
            assertThat(rig.hungUp).isEmpty();
        }
    }

    @Test
    void hangsUpWhenWhatTheCallersDeviceAsksForCannotBePaid() {
        try (SessionRig rig = SessionRig.call(
                setup -> {
                    setup.budget = "0.01";
                    return setup;
                },
                Duration.ZERO)) {
            rig.until("it is bounded", () -> rig.upstream.types().contains("session.update"));
            rig.upstreamSends(SessionRig.updated(false));
            rig.upstreamSends(CREATED.formatted(1));
            rig.until("it is cancelled", () -> rig.upstream.types().contains("response.cancel"));
            rig.upstreamSends(DONE.formatted(1));
            rig.until("the call is over", () -> !rig.callEnds.isEmpty());

            assertThat(rig.hungUp).containsExactly("budget_exhausted");
            assertThat(rig.entries()).extracting(UsageEntry::reference).containsExactly("resp_1");
            rig.assertNothingLeft();
        }
    }

    @Test
    void hangsUpWhenTheCallersDeviceChangesWhatTheTenantForbids() {
        try (SessionRig rig = talking(setup -> setup)) {
            rig.upstreamSends(SessionRig.updated(true)
                    .replace(
                            "\"max_output_tokens\":4096",
                            "\"max_output_tokens\":4096,\"tools\":[{\"type\":\"mcp\",\"server_label\":\"x\"}]"));
            rig.until("the call is over", () -> !rig.callEnds.isEmpty());

            assertThat(rig.hungUp).containsExactly("mcp_not_allowed");
            rig.assertNothingLeft();
        }
    }

    @Test
    void leavesTheCallToOthersWhenItsSidebandIsLost() {
        try (SessionRig rig = talking(setup -> setup)) {
            rig.upstreamSends(CREATED.formatted(1));
            rig.on(() -> {
                rig.upstream.lose(new LegEnd(Cause.PEER_LOST, 1006, ""));
                return true;
            });
            rig.until("the session has ended", () -> !rig.callEnds.isEmpty());

            assertThat(rig.callEnds).containsExactly(How.LEFT);
            assertThat(rig.hungUp).isEmpty();
            assertThat(rig.entries()).extracting(UsageEntry::kind).containsExactly(UsageEntry.Kind.ESTIMATED);
            rig.assertNothingLeft();
        }
    }

    @Test
    void theProvidersGoodbyeIsTheEndOfTheCall() {
        try (SessionRig rig = talking(setup -> setup)) {
            rig.on(() -> {
                rig.upstream.lose(new LegEnd(Cause.PEER_CLOSED, 1000, ""));
                return true;
            });
            rig.until("the session has ended", () -> !rig.callEnds.isEmpty());

            assertThat(rig.callEnds).containsExactly(How.OVER);
            assertThat(rig.hungUp).isEmpty();
            assertThat(rig.errors).isEmpty();
            rig.assertNothingLeft();
        }
    }

    @Test
    void aDrainedNodeLeavesTheCallWithoutEndingIt() {
        try (SessionRig rig = talking(setup -> setup)) {
            var _ = rig.registry.drain(Duration.ofSeconds(5));
            rig.until("the session has ended", () -> !rig.callEnds.isEmpty());

            assertThat(rig.callEnds).containsExactly(How.LEFT);
            assertThat(rig.hungUp).isEmpty();
            rig.assertNothingLeft();
        }
    }

    @Test
    void aProviderThatCannotBeAskedLeavesTheCallToBeEndedLater() {
        try (SessionRig rig = talking(setup -> setup)) {
            rig.hangUpFails = true;
            rig.registry.end(
                    rig.order().id(), Refusal.of(Refusal.Kind.FORBIDDEN, "session_ended", "Ended by an operator."));
            rig.until("the session has ended", () -> !rig.callEnds.isEmpty());

            assertThat(rig.hungUp).containsExactly("session_ended");
            assertThat(rig.callEnds).containsExactly(How.LEFT);
            rig.assertNothingLeft();
        }
    }

    @Test
    void aSidebandIsToldTheSettingsFirstAndTheCallGoesOnWithoutIt() {
        try (SessionRig rig = talking(setup -> setup)) {
            FakeLeg sideband = rig.resume(null);
            rig.until("it has joined", () -> sideband.types().contains("session.created"));
            assertThat(rig.on(sideband::last).at("/session/max_output_tokens").asInt())
                    .as("as they are now")
                    .isEqualTo(4_096);
            rig.upstreamSends(
                    "{\"type\":\"input_audio_buffer.speech_started\",\"audio_start_ms\":10,\"item_id\":\"i\"}");
            assertThat(rig.on(sideband::types)).endsWith("input_audio_buffer.speech_started");

            FakeLeg newer = rig.resume(null);
            rig.until("it has joined", () -> newer.types().contains("session.created"));
            assertThat(rig.on(sideband::closeCode)).isEqualTo(4409);
            rig.on(() -> {
                newer.lose(new LegEnd(Cause.PEER_CLOSED, 1000, ""));
                return true;
            });
            respond(rig, 1);

            assertThat(rig.callEnds).isEmpty();
            assertThat(rig.entries()).hasSize(1);
        }
    }

    private static SessionRig talking(UnaryOperator<SessionRig.Setup> change) {
        SessionRig rig = SessionRig.call(
                setup -> {
                    setup.voiceActivity = true;
                    return change.apply(setup);
                },
                Duration.ZERO);
        rig.until("it is bounded", () -> rig.upstream.types().contains("session.update"));
        boolean poor = rig.sent("session.update")
                .at("/session/audio/input/turn_detection")
                .isObject();
        if (!poor) {
            rig.upstreamSends(SessionRig.updated(true));
        }
        return rig;
    }

    private static void respond(SessionRig rig, int number) {
        int before = rig.entries().size();
        rig.upstreamSends(CREATED.formatted(number));
        rig.upstreamSends(DONE.formatted(number));
        rig.until("it is in the ledger", () -> rig.ledger.entries().size() == before + 1);
    }
}
