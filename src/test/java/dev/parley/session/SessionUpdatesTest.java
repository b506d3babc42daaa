package dev.parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.ledger.UsageEntry;
import dev.parley.relay.LegEnd;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a client can change with {@code session.update}, and how transcription is paid. */
class SessionUpdatesTest {
    private static final String WITH_TRANSCRIPTION =
            "{\"type\":\"session.update\",\"event_id\":\"u1\",\"session\":{\"type\":\"%s\",\"audio\":{\"input\":"
                    + "{\"transcription\":{\"model\":\"%s\"}}}}}";

    @Test
    void passesTheModelOfTheUrlAndRefusesAnother() {
        try (SessionRig rig = SessionRig.started()) {
            rig.clientSends(
                    "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"model\":\"gpt-realtime\"}}");
            assertThat(rig.sent("session.update").path("session").path("model").asText())
                    .isEqualTo("gpt-realtime");

            JsonNode error = refused(
                    rig,
                    "{\"type\":\"session.update\",\"event_id\":\"u\",\"session\":{\"type\":\"realtime\",\"model\":\"other\"}}");
            assertThat(error.path("param").asText()).isEqualTo("session.model");
            assertThat(error.path("type").asText()).isEqualTo("invalid_request_error");
            assertThat(error.path("event_id").asText()).isEqualTo("u");
        }
    }

    @Test
    void refusesAnotherTypeOfSession() {
        try (SessionRig rig = SessionRig.started()) {
            JsonNode error = refused(rig, "{\"type\":\"session.update\",\"session\":{\"type\":\"transcription\"}}");
            assertThat(error.path("param").asText()).isEqualTo("session.type");
        }
    }

    @Test
    void holdsTheSessionsLimitAndTouchesNothingElse() {
        try (SessionRig rig = SessionRig.started()) {
            rig.clientSends("{\"type\":\"session.update\",\"event_id\":\"u\",\"session\":{\"type\":\"realtime\","
                    + "\"max_output_tokens\":\"inf\", \"instructions\":\"\\u00e9\",\"speed\":1.50}}");

            assertThat(rig.on(rig.upstream::written).getLast())
                    .isEqualTo("{\"type\":\"session.update\",\"event_id\":\"u\",\"session\":{\"type\":\"realtime\","
                            + "\"max_output_tokens\":4096, \"instructions\":\"\\u00e9\",\"speed\":1.50}}");
        }
    }

    @Test
    void namesValidTranscriptionModelsWhenOneIsUnknownOrNotAllowed() {
        try (SessionRig rig = SessionRig.started(setup -> {
            setup.models = Set.of(new ModelName("gpt-realtime"), new ModelName("gpt-4o-transcribe"));
            return setup;
        })) {
            for (String model : new String[] {"nonsense", "gpt-live-transcribe"}) {
                JsonNode error = refused(rig, WITH_TRANSCRIPTION.formatted("realtime", model));
                assertThat(error.path("param").asText()).isEqualTo("session.audio.input.transcription.model");
                assertThat(error.path("message").asText())
                        .contains("gpt-4o-transcribe")
                        .doesNotContain("Valid models: gpt-live-transcribe");
            }
        }
    }

    @Test
    void refusesTranscriptionThatCannotBePaid() {
        try (SessionRig rig = SessionRig.started(setup -> {
            setup.budget = "0.0001";
            return setup;
        })) {
            assertThat(refused(rig, WITH_TRANSCRIPTION.formatted("realtime", "gpt-live-transcribe"))
                            .path("code")
                            .asText())
                    .isEqualTo("budget_exhausted");
        }
    }

    @Test
    void paysATranscriptionFromTheCoverThatWasHeldForItsAudio() {
        try (SessionRig rig = transcribing("1", "gpt-live-transcribe")) {
            append(rig, 30_000);
            assertThat(rig.on(rig.budget::reserved).value())
                    .as("thirty seconds at $0.017 a minute, and a step ahead")
                    .isGreaterThanOrEqualTo(8_500_000);
            rig.upstreamSends("{\"type\":\"input_audio_buffer.committed\",\"item_id\":\"item_1\"}");
            rig.upstreamSends(completed("{\"type\":\"duration\",\"seconds\":30}"));

            UsageEntry entry = rig.entries().getFirst();
            assertThat(entry.reference()).isEqualTo("item_1/0");
            assertThat(entry.kind()).isEqualTo(UsageEntry.Kind.USAGE);
            assertThat(entry.cost()).isEqualTo(new NanoUsd(8_500_000));
            assertThat(entry.millis()).isEqualTo(30_000);
            end(rig);
        }
    }

    @Test
    void keepsAnExplicitZeroOfATranscription() {
        try (SessionRig rig = transcribing("1", "gpt-live-transcribe")) {
            append(rig, 1_000);
            rig.upstreamSends("{\"type\":\"input_audio_buffer.committed\",\"item_id\":\"item_1\"}");
            rig.upstreamSends(completed("{\"type\":\"duration\",\"seconds\":0}"));

            assertThat(rig.entries().getFirst().kind()).isEqualTo(UsageEntry.Kind.USAGE);
            assertThat(rig.entries().getFirst().cost()).isEqualTo(NanoUsd.ZERO);
            end(rig);
        }
    }

    @Test
    void refusesAudioThatCannotBePaidAndNeverOverrunsTheBudget() {
        // Enough for a minute and a half.
        try (SessionRig rig = transcribing("0.0255", "gpt-live-transcribe")) {
            for (int i = 0; i < 20; i++) {
                append(rig, 10_000);
            }
            long passed = rig.toUpstream().stream()
                    .filter(event -> event.path("type").asText().equals("input_audio_buffer.append"))
                    .count();
            assertThat(passed).isBetween(8L, 9L);
            assertThat(rig.toClient().getLast().path("error").path("code").asText())
                    .isEqualTo("budget_exhausted");
            assertThat(rig.on(rig.budget::reserved).compareTo(NanoUsd.ofUsd("0.0255")))
                    .isNotPositive();
            end(rig);
        }
    }

    @Test
    void estimatesWhatIsStillBeingTranscribedWhenTheUpstreamIsLost() {
        try (SessionRig rig = transcribing("1", "gpt-4o-transcribe")) {
            append(rig, 10_000);
            rig.upstreamSends("{\"type\":\"input_audio_buffer.committed\",\"item_id\":\"item_1\"}");
            rig.on(() -> {
                rig.upstream.lose(new LegEnd(LegEnd.Cause.PEER_LOST, 1006, ""));
                return true;
            });
            rig.assertNothingLeft();
            UsageEntry entry = rig.entries().getFirst();
            assertThat(entry.kind()).isEqualTo(UsageEntry.Kind.ESTIMATED);
            assertThat(entry.status()).isEqualTo("lost");
            assertThat(entry.tokens().audioIn()).isBetween(100L, 115L);
        }
    }

    @Test
    void aTranscriptionSessionHasNoResponses() {
        try (SessionRig rig = transcribing("1", "gpt-4o-transcribe")) {
            assertThat(refused(rig, "{\"type\":\"response.create\",\"event_id\":\"r\"}")
                            .path("code")
                            .asText())
                    .isEqualTo("invalid_event");
        }
    }

    @Test
    void paysForTranscriptionThatWasSwitchedOffAndOnAgainInOneBreath() {
        try (SessionRig rig = transcribing("1", "gpt-live-transcribe")) {
            rig.clientSends("{\"type\":\"session.update\",\"session\":{\"type\":\"transcription\",\"audio\":{\"input\":"
                    + "{\"transcription\":null}}}}");
            rig.clientSends(WITH_TRANSCRIPTION.formatted("transcription", "gpt-live-transcribe"));
            rig.upstreamSends(SessionRig.updated(false));
            rig.upstreamSends(updated("gpt-live-transcribe"));
            append(rig, 30_000);
            assertThat(rig.on(rig.budget::reserved).value()).isGreaterThanOrEqualTo(8_500_000);
            rig.upstreamSends("{\"type\":\"input_audio_buffer.committed\",\"item_id\":\"item_1\"}");
            rig.upstreamSends(completed("{\"type\":\"duration\",\"seconds\":30}"));

            assertThat(rig.entries()).extracting(entry -> entry.cost()).containsExactly(new NanoUsd(8_500_000));
            end(rig);
        }
    }

    @Test
    void anAliasOfAModelThatTranscribesStaysBetweenClientAndBroker() {
        try (SessionRig rig = transcribing("1", "transcribe-latest")) {
            assertThat(rig.sent("session.update")
                            .at("/session/audio/input/transcription/model")
                            .asText())
                    .isEqualTo("gpt-live-transcribe");
            assertThat(rig.toClient()
                            .getLast()
                            .at("/session/audio/input/transcription/model")
                            .asText())
                    .isEqualTo("transcribe-latest");

            append(rig, 1_000);
            rig.upstreamSends("{\"type\":\"input_audio_buffer.committed\",\"item_id\":\"item_1\"}");
            rig.upstreamSends(completed("{\"type\":\"duration\",\"seconds\":1}"));
            assertThat(rig.entries()).singleElement().satisfies(entry -> {
                assertThat(entry.modelAsked()).isEqualTo(FakePrices.TRANSCRIBER_ALIAS);
                assertThat(entry.modelResolved()).isEqualTo(new ModelName("gpt-live-transcribe"));
            });
            end(rig);
        }
    }

    @Test
    void writesDownATranscriptionThatCompletesAfterItWasSwitchedOff() {
        try (SessionRig rig = transcribing("1", "gpt-live-transcribe")) {
            append(rig, 30_000);
            rig.clientSends("{\"type\":\"session.update\",\"session\":{\"type\":\"transcription\",\"audio\":{\"input\":"
                    + "{\"transcription\":null}}}}");
            rig.upstreamSends(SessionRig.updated(false));
            rig.upstreamSends(completed("{\"type\":\"duration\",\"seconds\":30}"));

            assertThat(rig.entries()).extracting(entry -> entry.cost()).containsExactly(new NanoUsd(8_500_000));
            end(rig);
        }
    }

    @Test
    void tellsNoTranscriptionThatNobodyCanPrice() {
        try (SessionRig rig = SessionRig.started()) {
            rig.upstreamSends(completed("{\"type\":\"duration\",\"seconds\":30}"));

            assertThat(rig.clientTypes()).containsExactly("session.created", "error");
            assertThat(rig.toClient().getLast().path("error").path("code").asText())
                    .isEqualTo("unadmitted_event");
            rig.assertNothingLeft();
        }
    }

    @Test
    void pricesATranscriptionByTheModelThatTheProviderUsed() {
        try (SessionRig rig = transcribing("1", "gpt-4o-transcribe")) {
            rig.clientSends(WITH_TRANSCRIPTION.formatted("transcription", "gpt-live-transcribe"));
            append(rig, 10_000);
            rig.upstreamSends("{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"code\":\"x\","
                    + "\"message\":\"no\",\"event_id\":\"u1\"}}");
            rig.upstreamSends("{\"type\":\"input_audio_buffer.committed\",\"item_id\":\"item_1\"}");
            rig.upstreamSends(completed("{\"type\":\"tokens\",\"input_tokens\":100,\"output_tokens\":10,"
                    + "\"input_token_details\":{\"text_tokens\":0,\"audio_tokens\":100}}"));

            UsageEntry entry = rig.entries().getFirst();
            assertThat(entry.modelResolved()).isEqualTo(new ModelName("gpt-4o-transcribe"));
            assertThat(entry.kind()).isEqualTo(UsageEntry.Kind.USAGE);
            assertThat(entry.cost().value()).isEqualTo(100 * 6_000 + 10 * 10_000);
            end(rig);
        }
    }

    @Test
    void coversAudioThatWaitedInTheBufferWhenTranscriptionIsSwitchedOn() {
        try (SessionRig rig = SessionRig.started()) {
            append(rig, 120_000);
            rig.clientSends(WITH_TRANSCRIPTION.formatted("realtime", "gpt-live-transcribe"));

            assertThat(rig.on(rig.budget::reserved).value())
                    .as("two minutes at $0.017")
                    .isGreaterThanOrEqualTo(34_000_000);
        }
    }

    @Test
    void refusesAModelThatCannotBePaidForTheAudioInTheBuffer() {
        try (SessionRig rig = transcribing("0.03", "gpt-4o-transcribe")) {
            append(rig, 120_000);
            assertThat(refused(rig, WITH_TRANSCRIPTION.formatted("transcription", "gpt-live-transcribe"))
                            .path("code")
                            .asText())
                    .isEqualTo("budget_exhausted");
            rig.upstreamSends("{\"type\":\"input_audio_buffer.committed\",\"item_id\":\"item_1\"}");
            rig.upstreamSends(completed("{\"type\":\"tokens\",\"input_tokens\":100,\"output_tokens\":10,"
                    + "\"input_token_details\":{\"text_tokens\":0,\"audio_tokens\":100}}"));
            assertThat(rig.entries().getFirst().modelResolved()).isEqualTo(new ModelName("gpt-4o-transcribe"));
            end(rig);
        }
    }

    @Test
    void passesAudioOnWhenTranscriptionCouldNotBePaid() {
        try (SessionRig rig = SessionRig.started(setup -> {
            setup.budget = "0.0001";
            return setup;
        })) {
            refused(rig, WITH_TRANSCRIPTION.formatted("realtime", "gpt-live-transcribe"));
            append(rig, 1_000);

            assertThat(rig.sent("input_audio_buffer.append").path("audio").isTextual())
                    .isTrue();
        }
    }

    @Test
    void writesATranscriptionDownOnceThatIsToldTwice() {
        try (SessionRig rig = transcribing("1", "gpt-live-transcribe")) {
            append(rig, 30_000);
            rig.upstreamSends("{\"type\":\"input_audio_buffer.committed\",\"item_id\":\"item_1\"}");
            rig.upstreamSends(completed("{\"type\":\"duration\",\"seconds\":30}"));
            rig.upstreamSends(completed("{\"type\":\"duration\",\"seconds\":30}"));

            assertThat(rig.entries()).hasSize(1);
            assertThat(rig.on(rig.budget::spent)).isEqualTo(new NanoUsd(8_500_000));
            end(rig);
        }
    }

    private static String updated(String model) {
        return SessionRig.updated(false)
                .replace("\"transcription\":null", "\"transcription\":{\"model\":\"" + model + "\"}");
    }

    private static SessionRig transcribing(String budget, String model) {
        SessionRig rig = SessionRig.started(setup -> {
            setup.kind = ModelKind.TRANSCRIPTION;
            setup.budget = budget;
            return setup;
        });
        rig.clientSends(WITH_TRANSCRIPTION.formatted("transcription", model));
        rig.upstreamSends(updated(new FakePrices().resolve(new ModelName(model)).value()));
        assertThat(rig.clientTypes()).containsExactly("session.created", "session.updated");
        return rig;
    }

    private static void append(SessionRig rig, int millis) {
        rig.clientSends("{\"type\":\"input_audio_buffer.append\",\"audio\":\"" + "A".repeat(millis * 64) + "\"}");
    }

    private static String completed(String usage) {
        return "{\"type\":\"conversation.item.input_audio_transcription.completed\",\"item_id\":\"item_1\","
                + "\"content_index\":0,\"transcript\":\"x\",\"usage\":" + usage + "}";
    }

    private static JsonNode refused(SessionRig rig, String event) {
        int sent = rig.toUpstream().size();
        rig.clientSends(event);
        assertThat(rig.toUpstream()).as("not forwarded").hasSize(sent);
        return rig.toClient().getLast().path("error");
    }

    private static void end(SessionRig rig) {
        rig.on(() -> {
            rig.client.lose(new LegEnd(LegEnd.Cause.PEER_CLOSED, 1000, ""));
            return true;
        });
        rig.assertNothingLeft();
    }
}
