package dev.parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.domain.ModelKind;
import dev.parley.domain.NanoUsd;
import dev.parley.ledger.UsageEntry;
import dev.parley.relay.LegEnd;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a translation session takes, and how the audio that it is sent is paid: before it goes on, by the millisecond. */
class TranslationTest {
    private static final int SECOND_BYTES = 48_000;
    private static final NanoUsd MINUTE = NanoUsd.ofUsd("0.034");
    private static final String CLOSED = "{\"type\":\"session.closed\",\"event_id\":\"event_9\"}";

    private static SessionRig started(String budget) {
        return SessionRig.started(setup -> {
            setup.kind = ModelKind.TRANSLATION;
            setup.budget = budget;
            return setup;
        });
    }

    private static String audio(int bytes) {
        return "{\"type\":\"session.input_audio_buffer.append\",\"event_id\":\"c1\",\"audio\":\""
                + Base64.getEncoder().encodeToString(new byte[bytes]) + "\"}";
    }

    private static long forwarded(SessionRig rig) {
        return rig.toUpstream().stream()
                .filter(event -> event.path("type").asText().equals("session.input_audio_buffer.append"))
                .mapToLong(
                        event -> Base64.getDecoder().decode(event.path("audio").asText()).length)
                .sum();
    }

    @Test
    void writesItsAudioDownByTheStretchAndTheRestAtItsEnd() {
        try (SessionRig rig = started("100")) {
            for (int second = 0; second < 25; second++) {
                rig.clientSends(audio(SECOND_BYTES));
            }
            rig.clientSends(audio(100)); // two milliseconds and a bit
            assertThat(rig.entries()).extracting(UsageEntry::millis).containsExactly(10_000L, 10_000L);

            rig.clientSends("{\"type\":\"session.close\"}");
            rig.upstreamSends(CLOSED);

            assertThat(rig.entries()).extracting(UsageEntry::millis).containsExactly(10_000L, 10_000L, 5_003L);
            assertThat(rig.entries())
                    .extracting(UsageEntry::reference)
                    .containsExactly("audio_1", "audio_2", "audio_3");
            assertThat(rig.entries()).allSatisfy(entry -> {
                assertThat(entry.work()).isEqualTo(UsageEntry.Work.TRANSLATION);
                assertThat(entry.kind()).isEqualTo(UsageEntry.Kind.USAGE);
                assertThat(entry.cost().value()).isEqualTo(Math.ceilDiv(MINUTE.value() * entry.millis(), 60_000));
            });
            rig.until("closed", () -> rig.client.closeCode() != null);
            assertThat(rig.on(rig.client::closeCode)).isEqualTo(1000);
            assertThat(rig.clientTypes()).endsWith("session.closed");
            rig.assertNothingLeft();
            assertThat(rig.errors).as("this is no error").isEmpty();
        }
    }

    @Test
    void coversAudioBeforeItGoesOnAndEndsWhenTheBudgetDoes() {
        try (SessionRig rig = started("0.007")) { // 12.3 seconds
            for (int tenth = 0; tenth < 200; tenth++) {
                rig.clientSends(audio(SECOND_BYTES / 10));
                long sent = Math.ceilDiv(forwarded(rig), 48);
                assertThat(rig.on(() ->
                                rig.budget.spent().plus(rig.budget.reserved()).value()))
                        .isGreaterThanOrEqualTo(MINUTE.value() * sent / 60_000)
                        .isLessThanOrEqualTo(NanoUsd.ofUsd("0.007").value());
            }

            assertThat(forwarded(rig)).isEqualTo(123 * SECOND_BYTES / 10);
            JsonNode error = rig.toClient().getLast().path("error");
            assertThat(error.path("type").asText()).isEqualTo("insufficient_quota");
            assertThat(error.path("event_id").asText()).isEqualTo("c1");
            rig.until("closed", () -> rig.client.closeCode() != null);
            assertThat(rig.on(rig.client::closeCode)).isEqualTo(4429);
            rig.assertNothingLeft();
            assertThat(rig.entries().stream().mapToLong(UsageEntry::millis).sum())
                    .isEqualTo(12_300);
            assertThat(rig.on(rig.budget::spent).value())
                    .isEqualTo(rig.entries().stream()
                            .mapToLong(entry -> entry.cost().value())
                            .sum());
        }
    }

    @Test
    void tellsOfItsEndWhenAllIsInTheLedger() {
        try (SessionRig rig = started("100")) {
            rig.clientSends(audio(SECOND_BYTES));
            rig.on(() -> {
                rig.ledger.goAway();
                return true;
            });
            rig.upstreamSends(CLOSED);
            rig.on(() -> {
                rig.upstream.lose(new LegEnd(LegEnd.Cause.PEER_CLOSED, 1000, ""));
                return true;
            });
            assertThat(rig.clientTypes()).doesNotContain("session.closed");

            rig.on(() -> {
                rig.ledger.comeBack();
                return true;
            });
            rig.until("closed", () -> rig.client.closeCode() != null);
            assertThat(rig.on(rig.client::closeCode)).isEqualTo(1000);
            assertThat(rig.clientTypes()).endsWith("session.closed");
            rig.assertNothingLeft();
            assertThat(rig.errors).isEmpty();
        }
    }

    @Test
    void audioOfALostUpstreamIsPaidAndMarkedAsEstimated() {
        try (SessionRig rig = started("100")) {
            rig.clientSends(audio(SECOND_BYTES));
            rig.on(() -> {
                rig.upstream.lose(new LegEnd(LegEnd.Cause.PEER_LOST, 1006, ""));
                return true;
            });

            rig.assertNothingLeft();
            assertThat(rig.entries()).singleElement().satisfies(entry -> {
                assertThat(entry.millis()).isEqualTo(1_000);
                assertThat(entry.status()).isEqualTo("lost");
                assertThat(entry.kind()).isEqualTo(UsageEntry.Kind.ESTIMATED);
            });
        }
    }

    @Test
    void holdsNothingWithoutAudioAndPaysWhatTheClientLeavesBehind() {
        try (SessionRig rig = started("100")) {
            assertThat(rig.on(rig.budget::openReservations)).isZero();
            rig.clientSends(audio(SECOND_BYTES / 2));
            rig.clientLost(new LegEnd(LegEnd.Cause.PEER_CLOSED, 1000, ""));

            rig.assertNothingLeft();
            assertThat(rig.entries()).extracting(UsageEntry::millis).containsExactly(500L);
            assertThat(rig.entries()).extracting(UsageEntry::status).containsExactly("completed");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"type":"response.create"}                                                                   | invalid_event
            {"type":"input_audio_buffer.append","audio":"AAAA"}                                          | invalid_event
            {"type":"conversation.item.create","item":{}}                                                | invalid_event
            {"type":"session.input_audio_buffer.append"}                                                 | missing_required_parameter
            {"type":"session.update","session":{"instructions":"be brief"}}                              | unknown_parameter
            {"type":"session.update","session":{"audio":{"output":{"voice":"marin"}}}}                   | unknown_parameter
            {"type":"session.update","session":{"audio":{"input":{"turn_detection":null}}}}              | unknown_parameter
            {"type":"session.update","session":{"type":"realtime"}}                                      | invalid_value
            {"type":"session.update","session":{"model":"gpt-realtime"}}                                 | invalid_value
            {"type":"session.update","session":{"audio":{"input":{"transcription":{"model":"gpt-realtime"}}}}} | invalid_model
            {"type":"session.update","session":{"audio":{"input":{"transcription":{"model":"nonsense"}}}}}     | model_not_found
            """)
    void refusesWhatATranslationDoesNotTake(String event, String code) {
        try (SessionRig rig = started("100")) {
            rig.clientSends(event);

            assertThat(rig.toClient().getLast().path("error").path("code").asText())
                    .isEqualTo(code);
            assertThat(rig.toUpstream()).isEmpty();
            assertThat(rig.on(rig.client::isOpen)).isTrue();
        }
    }

    @Test
    void sendsSettingsAsTheProviderTakesThem() {
        try (SessionRig rig = started("100")) {
            rig.clientSends("{\"type\":\"session.update\",\"session\":{\"type\":\"translation\",\"model\":"
                    + "\"gpt-realtime-translate\",\"audio\":{\"output\":{\"language\":\"es\"}}}}");

            assertThat(List.copyOf(rig.toUpstream()))
                    .singleElement()
                    .satisfies(sent -> assertThat(sent.path("session").toString())
                            .isEqualTo("{\"audio\":{\"output\":{\"language\":\"es\"}}}"));
        }
    }
}
