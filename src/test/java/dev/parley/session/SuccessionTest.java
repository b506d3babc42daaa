package dev.parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.domain.NanoUsd;
import dev.parley.relay.LegEnd;
import dev.parley.relay.LegEnd.Cause;
import dev.parley.session.SessionRig.Setup;
import dev.parley.tenancy.LimitName;
import dev.parley.tenancy.Settings;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** One session, and the upstreams that serve it one after the other. */
class SuccessionTest {
    private static final LegEnd LOST = new LegEnd(Cause.PEER_LOST, 1006, "");
    private static final String REPLACED = "parley.upstream_replaced";
    private static final String USAGE =
            "{\"total_tokens\":110,\"input_tokens\":100,\"output_tokens\":10,\"input_token_details\":{\"text_tokens\":0,"
                    + "\"audio_tokens\":100},\"output_token_details\":{\"text_tokens\":0,\"audio_tokens\":10}}";

    @Test
    void theNextOneIsToldTheConversationBeforeItServesAndTheClientHearsNoneOfIt() {
        try (SessionRig rig = lasting(setup -> setup)) {
            rig.upstreamSends(SessionRig.updated(false));
            rig.upstreamSends(item("item_1", "hello"));
            lose(rig);
            int heard = rig.toClient().size();
            rig.clientSends("{\"type\":\"response.create\",\"event_id\":\"early\"}");

            assertThat(sentTypes(rig)).containsExactly("session.update", "conversation.item.create", "session.update");
            assertThat(rig.sent("conversation.item.create")
                            .at("/item/content/0/text")
                            .asText())
                    .isEqualTo("hello");
            rig.upstreamSends(item("item_1", "hello"));
            rig.upstreamSends("{\"type\":\"conversation.item.created\",\"item\":{\"id\":\"item_1\"}}");
            rig.upstreamSends(SessionRig.updated(false));
            assertThat(rig.toClient()).hasSize(heard);
            rig.upstreamSends(SessionRig.updated(false));

            assertThat(rig.clientTypes().subList(heard, heard + 1)).containsExactly(REPLACED);
            assertThat(rig.replacements).containsExactly("upstream_lost");
            rig.until("it goes on", () -> rig.upstream.types().contains("response.create"));
            assertThat(rig.sent("response.create").path("event_id").asText())
                    .as("what the client said meanwhile")
                    .isEqualTo("early");
            rig.upstreamSends(item("item_2", "new"));
            assertThat(rig.clientTypes().getLast()).isEqualTo("conversation.item.done");
            endAndCheck(rig);
        }
    }

    @Test
    void whatTheNextOneWillReadIsReserved() {
        try (SessionRig rig = lasting(setup -> {
            setup.voiceActivity = true;
            return setup;
        })) {
            rig.upstreamSends(SessionRig.updated(true));
            NanoUsd before = rig.on(rig.budget::reserved);
            rig.upstreamSends(item("item_1", "x".repeat(20_000)));
            lose(rig);
            serve(rig, true);

            assertThat(rig.on(rig.budget::reserved).value())
                    .as("a token for each byte of text, at 4 dollars a million")
                    .isGreaterThan(before.value() + 20_000 * 4_000);
            endAndCheck(rig);
        }
    }

    @Test
    void automaticResponsesThatCannotBePaidAreOffOnTheNextOneToo() {
        try (SessionRig rig = lasting(setup -> {
            setup.voiceActivity = true;
            setup.budget = "0.1";
            return setup;
        })) {
            rig.upstreamSends(updatedGated());
            lose(rig);
            assertThat(rig.toUpstream())
                    .filteredOn(event -> event.at("/session/audio/input").has("turn_detection"))
                    .isNotEmpty()
                    .allSatisfy(event -> assertThat(event.at("/session/audio/input/turn_detection/create_response")
                                    .asBoolean(true))
                            .isFalse());
            rig.upstreamSends(updatedGated());
            rig.upstreamSends(updatedGated());
            assertThat(rig.clientTypes()).contains(REPLACED);

            speak(rig);
            assertThat(rig.sent("response.create")
                            .at("/response/max_output_tokens")
                            .asInt())
                    .as("the turn is gated")
                    .isPositive();
            endAndCheck(rig);
        }
    }

    @Test
    void aResponseThatWasAskedForAndNotBegunIsToldByItsEvent() {
        try (SessionRig rig = lasting(setup -> setup)) {
            rig.upstreamSends(SessionRig.updated(false));
            rig.clientSends("{\"type\":\"response.create\",\"event_id\":\"mine\"}");
            lose(rig);
            serve(rig, false);

            JsonNode error = rig.toClient().stream()
                    .filter(event -> event.path("type").asText().equals("error"))
                    .findFirst()
                    .orElseThrow();
            assertThat(error.at("/error/code").asText()).isEqualTo("upstream_lost");
            assertThat(error.at("/error/event_id").asText()).isEqualTo("mine");
            assertThat(rig.entries()).as("it has cost nothing").isEmpty();
            endAndCheck(rig);
        }
    }

    @Test
    void aResponseThatBeginsWhileAnotherUpstreamIsPreparedRunsToItsEnd() {
        try (SessionRig rig = lasting(setup -> {
            setup.voiceActivity = true;
            setup.upstreamLength = Duration.ofSeconds(3);
            return setup;
        })) {
            FakeLeg first = rig.upstream;
            rig.upstreamSends(SessionRig.updated(true));
            rig.until("another one is prepared", () -> rig.upstream != first);
            FakeLeg second = rig.upstream;
            sends(rig, first, created("resp_1"));
            sends(rig, second, SessionRig.updated(true));
            sends(rig, second, SessionRig.updated(true));

            assertThat(second.closeCode()).as("it is given up").isEqualTo(1000);
            assertThat(rig.clientTypes()).contains("response.created").doesNotContain(REPLACED);
            sends(rig, first, done("resp_1"));
            rig.until("a third one is prepared", () -> rig.upstream != second);
            serve(rig, true);
            rig.until("it serves", () -> rig.client.types().contains(REPLACED));

            assertThat(rig.clientTypes().indexOf(REPLACED))
                    .isGreaterThan(rig.clientTypes().indexOf("response.done"));
            assertThat(first.closeCode()).isEqualTo(1000);
            assertThat(rig.entries()).hasSize(1);
            endAndCheck(rig);
        }
    }

    @Test
    void forALostClientAnotherUpstreamIsPreparedWhenItIsBack() {
        try (SessionRig rig = lasting(setup -> setup)) {
            rig.upstreamSends(SessionRig.updated(false));
            FakeLeg first = rig.upstream;
            rig.clientLost(LOST);
            lose(rig);
            assertThat(rig.on(() -> rig.upstream)).as("nothing new begins").isSameAs(first);
            assertThat(rig.on(rig.budget::openReservations)).isZero();

            FakeLeg back = rig.resume("event_1");
            rig.on(() -> {
                back.receive("{\"type\":\"response.create\",\"event_id\":\"mine\"}");
                return true;
            });
            assertThat(rig.upstream).isNotSameAs(first);
            assertThat(sentTypes(rig)).as("it waits").doesNotContain("response.create");
            serve(rig, false);
            assertThat(rig.on(back::types)).containsExactly(REPLACED);
            rig.until("it goes on", () -> rig.upstream.types().contains("response.create"));
            assertThat(rig.sent("response.create").path("event_id").asText()).isEqualTo("mine");
            rig.on(() -> {
                back.lose(new LegEnd(Cause.PEER_CLOSED, 1000, ""));
                return true;
            });
            rig.assertNothingLeft();
        }
    }

    @Test
    void aClientAndAnUpstreamThatAreBothLostLeaveNothingBehind() {
        try (SessionRig rig = lasting(setup -> {
            UnaryOperator<Settings> own = setup.settings;
            setup.settings = settings -> own.apply(settings).with(LimitName.RESUME_WINDOW_SECONDS, 1);
            return setup;
        })) {
            rig.upstreamSends(SessionRig.updated(false));
            rig.clientLost(LOST);
            lose(rig);
            rig.assertNothingLeft();
        }
    }

    @Test
    void anUpstreamThatRefusesTheSettingsDoesNotServe() {
        try (SessionRig rig = lasting(setup -> setup)) {
            rig.upstreamSends(SessionRig.updated(false));
            lose(rig);
            List<JsonNode> told = rig.toUpstream();
            rig.upstreamSends(SessionRig.updated(false));
            rig.upstreamSends(
                    "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"code\":\"x\",\"event_id\":\""
                            + told.getLast().path("event_id").asText() + "\"}}");

            rig.until("the client is told", () -> rig.client.closeCode() != null);
            assertThat(rig.client.closeCode()).isEqualTo(1011);
            assertThat(rig.client.last().at("/error/code").asText()).isEqualTo("upstream_lost");
            rig.assertNothingLeft();
        }
    }

    @Test
    void aClientThatLeavesMeanwhileLeavesNothingBehind() {
        try (SessionRig rig = lasting(setup -> setup)) {
            rig.upstreamSends(SessionRig.updated(false));
            lose(rig);
            endAndCheck(rig);
            assertThat(rig.upstream.closeCode()).isEqualTo(1000);
        }
    }

    @Test
    void upstreamsThatDieOneAfterTheOtherAreNotFollowedForEver() {
        try (SessionRig rig = lasting(setup -> {
            setup.settings = own -> own.without(LimitName.UPSTREAM_REPLACEMENTS_MAX)
                    .with(LimitName.UPSTREAM_REPLACEMENTS_MAX, OptionalLong.empty());
            return setup;
        })) {
            rig.upstreamSends(SessionRig.updated(false));
            for (int i = 0; i < 3; i++) {
                lose(rig);
                serve(rig, false);
            }
            lose(rig);
            rig.until("the session has ended", () -> rig.client.closeCode() != null);
            assertThat(rig.client.closeCode()).isEqualTo(1011);
            assertThat(rig.clientTypes()).filteredOn(REPLACED::equals).hasSize(3);
            rig.assertNothingLeft();
        }
    }

    @Test
    void aCloseThatBlamesTheSessionIsNotFollowed() {
        for (int code : List.of(1000, 1008, 1009, 4000)) {
            assertThat(UpstreamEnding.mayBeFollowed(new LegEnd(Cause.PEER_CLOSED, code, "invalid_request_error.x")))
                    .as("close " + code)
                    .isFalse();
        }
        assertThat(UpstreamEnding.mayBeFollowed(
                        new LegEnd(Cause.PEER_CLOSED, 3000, "invalid_request_error.invalid_api_key")))
                .as("another account may do")
                .isTrue();
        assertThat(UpstreamEnding.mayBeFollowed(new LegEnd(Cause.LOCAL, 1000, "")))
                .isFalse();
    }

    private static SessionRig lasting(UnaryOperator<Setup> change) {
        return SessionRig.started(setup -> {
            setup.settings =
                    own -> own.with(LimitName.UPSTREAM_REPLACEMENTS_MAX, 5).with(LimitName.RESUME_WINDOW_SECONDS, 30);
            return change.apply(setup);
        });
    }

    /** The upstream is gone, and the next one is being told the conversation. */
    private static void lose(SessionRig rig) {
        FakeLeg last = rig.upstream;
        rig.on(() -> {
            last.lose(LOST);
            return true;
        });
    }

    /** The next one has taken everything that it was told. */
    private static void serve(SessionRig rig, boolean voiceActivity) {
        rig.upstreamSends(SessionRig.updated(voiceActivity));
        rig.upstreamSends(SessionRig.updated(voiceActivity));
        rig.on(() -> true);
    }

    private static void sends(SessionRig rig, FakeLeg upstream, String event) {
        rig.on(() -> {
            upstream.receive(event);
            return true;
        });
    }

    private static List<String> sentTypes(SessionRig rig) {
        return rig.toUpstream().stream()
                .map(event -> event.path("type").asText())
                .toList();
    }

    private static String updatedGated() {
        return SessionRig.updated(true).replace("\"create_response\":true", "\"create_response\":false");
    }

    private static void speak(SessionRig rig) {
        rig.upstreamSends("{\"type\":\"input_audio_buffer.speech_started\",\"audio_start_ms\":0,\"item_id\":\"i\"}");
        rig.upstreamSends("{\"type\":\"input_audio_buffer.speech_stopped\",\"audio_end_ms\":900,\"item_id\":\"i\"}");
        rig.upstreamSends("{\"type\":\"input_audio_buffer.committed\",\"previous_item_id\":null,\"item_id\":\"i\"}");
    }

    private static String item(String id, String words) {
        return "{\"type\":\"conversation.item.done\",\"previous_item_id\":null,\"item\":{\"id\":\"" + id
                + "\",\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"" + words
                + "\"}]}}";
    }

    private static String created(String id) {
        return "{\"type\":\"response.created\",\"response\":{\"id\":\"" + id + "\",\"conversation_id\":\"c\"}}";
    }

    private static String done(String id) {
        return "{\"type\":\"response.done\",\"response\":{\"id\":\"" + id
                + "\",\"conversation_id\":\"c\",\"status\":\"completed\",\"usage\":" + USAGE + "}}";
    }

    private static void endAndCheck(SessionRig rig) {
        rig.on(() -> {
            rig.client.lose(new LegEnd(Cause.PEER_CLOSED, 1000, ""));
            return true;
        });
        rig.assertNothingLeft();
    }
}
