package dev.parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.domain.NanoUsd;
import dev.parley.ledger.UsageEntry;
import dev.parley.ledger.UsageEntry.Kind;
import dev.parley.relay.LegEnd;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The rows of protocol.md §3.3: what is written down when usage comes, comes oddly, or does not come. */
class UsageRulesTest {
    private static final String USAGE =
            "{\"total_tokens\":1015,\"input_tokens\":911,\"output_tokens\":104,\"input_token_details\":{\"text_tokens\":869,"
                    + "\"audio_tokens\":42,\"image_tokens\":0,\"cached_tokens\":832,\"cached_tokens_details\":{\"text_tokens\":832,"
                    + "\"audio_tokens\":0,\"image_tokens\":0}},\"output_token_details\":{\"text_tokens\":27,\"audio_tokens\":77}}";

    @Test
    void billsACompletedResponseAndPassesItOn() {
        try (SessionRig rig = running()) {
            rig.upstreamSends(done("completed", USAGE));

            assertThat(rig.clientTypes()).endsWith("response.created", "response.done");
            UsageEntry entry = onlyEntry(rig);
            assertThat(entry.kind()).isEqualTo(Kind.USAGE);
            assertThat(entry.cost()).isEqualTo(NanoUsd.ofUsd("0.0071848"));
            assertThat(entry.status()).isEqualTo("completed");
            assertThat(entry.priceVersion()).isEqualTo(7);
            assertThat(rig.on(rig.budget::spent)).isEqualTo(entry.cost());
            assertSettled(rig);
        }
    }

    @Test
    void billsIncompleteAndCancelledByTheirUsage() {
        for (String status : new String[] {"incomplete", "cancelled"}) {
            try (SessionRig rig = running()) {
                rig.upstreamSends(done(status, USAGE));

                assertThat(onlyEntry(rig).cost()).isEqualTo(NanoUsd.ofUsd("0.0071848"));
                assertThat(onlyEntry(rig).status()).isEqualTo(status);
                assertSettled(rig);
            }
        }
    }

    @Test
    void keepsTheExplicitZeroOfAFailedResponse() {
        try (SessionRig rig = running()) {
            rig.upstreamSends(done("failed", "{\"total_tokens\":0,\"input_tokens\":0,\"output_tokens\":0}"));

            assertThat(onlyEntry(rig).kind()).isEqualTo(Kind.USAGE);
            assertThat(onlyEntry(rig).cost()).isEqualTo(NanoUsd.ZERO);
            assertSettled(rig);
        }
    }

    @Test
    void estimatesACancelledResponseWithoutUsageFromWhatWasDelivered() {
        try (SessionRig rig = running()) {
            rig.upstreamSends("{\"type\":\"response.output_audio.delta\",\"response_id\":\"resp_1\",\"delta\":\""
                    + "A".repeat(64_000) + "\"}");
            rig.upstreamSends(done("cancelled", "null"));

            UsageEntry entry = onlyEntry(rig);
            assertThat(entry.kind()).isEqualTo(Kind.ESTIMATED);
            assertThat(entry.tokens().audioOut())
                    .as("one second of audio at a token each 50 ms")
                    .isBetween(19L, 21L);
            assertThat(entry.tokens().input()).isPositive();
            assertSettled(rig);
        }
    }

    @Test
    void billsTotalsWithoutDetailsAsTheDearestClassAndMarksThem() {
        try (SessionRig rig = running()) {
            rig.upstreamSends(done("completed", "{\"total_tokens\":30,\"input_tokens\":20,\"output_tokens\":10}"));

            assertThat(onlyEntry(rig).kind()).isEqualTo(Kind.ESTIMATED);
            assertThat(onlyEntry(rig).cost().value()).isEqualTo(20 * 32_000 + 10 * 64_000);
            assertSettled(rig);
        }
    }

    @Test
    void releasesARefusedCreate() {
        try (SessionRig rig = SessionRig.started()) {
            rig.clientSends("{\"type\":\"response.create\",\"event_id\":\"mine\"}");
            rig.upstreamSends(
                    "{\"type\":\"error\",\"event_id\":\"e\",\"error\":{\"type\":\"invalid_request_error\","
                            + "\"code\":\"conversation_already_has_active_response\",\"message\":\"no\",\"param\":null,\"event_id\":\"mine\"}}");

            assertThat(rig.entries()).isEmpty();
            assertThat(rig.toClient().getLast().path("error").path("event_id").asText())
                    .isEqualTo("mine");
            assertSettled(rig);
        }
    }

    @Test
    void estimatesWhenTheUpstreamIsLostAndSaysSo() {
        try (SessionRig rig = running()) {
            rig.on(() -> {
                rig.upstream.lose(new LegEnd(LegEnd.Cause.PEER_LOST, 1006, ""));
                return true;
            });

            assertThat(onlyEntry(rig).kind()).isEqualTo(Kind.ESTIMATED);
            assertThat(onlyEntry(rig).status()).isEqualTo("lost");
            assertThat(rig.clientTypes()).endsWith("error");
            assertThat(rig.on(rig.client::closeCode)).isEqualTo(1011);
            rig.assertNothingLeft();
            assertThat(rig.errors).extracting(error -> error.code()).containsExactly("upstream_lost");
        }
    }

    @Test
    void cancelsAndWaitsWhenTheClientLeavesInMidResponse() {
        try (SessionRig rig = SessionRig.started(setup -> {
            setup.cancelTimeout = Duration.ofSeconds(30);
            return setup;
        })) {
            begin(rig);
            leave(rig);

            assertThat(rig.sent("response.cancel").path("response_id").asText()).isEqualTo("resp_1");
            assertThat(rig.on(rig.upstream::isOpen)).isTrue();
            rig.upstreamSends(done("cancelled", USAGE));

            assertThat(onlyEntry(rig).kind()).isEqualTo(Kind.USAGE);
            assertThat(rig.on(rig.upstream::closeCode)).isEqualTo(1000);
            rig.assertNothingLeft();
        }
    }

    @Test
    void estimatesWhenTheUsageDoesNotComeInTimeAfterTheClientLeft() {
        try (SessionRig rig = running()) {
            leave(rig);

            rig.assertNothingLeft();
            assertThat(onlyEntry(rig).kind()).isEqualTo(Kind.ESTIMATED);
        }
    }

    @Test
    void holdsTheDoneEventUntilItsEntryIsCommitted() {
        try (SessionRig rig = SessionRig.started(setup -> {
            setup.commitTimeout = Duration.ofSeconds(30);
            return setup;
        })) {
            begin(rig);
            rig.on(() -> {
                rig.ledger.goAway();
                return true;
            });
            rig.upstreamSends(done("completed", USAGE));
            rig.upstreamSends("{\"type\":\"conversation.item.done\",\"event_id\":\"e9\"}");
            assertThat(rig.clientTypes()).endsWith("response.created");

            rig.on(() -> {
                rig.ledger.comeBack();
                return true;
            });
            assertThat(rig.clientTypes()).endsWith("response.done", "conversation.item.done");
        }
    }

    @Test
    void endsTheSessionWhenTheCommitTakesTooLongAndStillWritesTheEntry() {
        try (SessionRig rig = running()) {
            rig.on(() -> {
                rig.ledger.goAway();
                return true;
            });
            rig.upstreamSends(done("completed", USAGE));

            rig.until("the client is closed", () -> rig.client.closeCode() != null);
            assertThat(rig.on(rig.client::closeCode)).isEqualTo(1013);
            assertThat(rig.clientTypes()).doesNotContain("response.done").endsWith("error");
            rig.on(() -> {
                rig.ledger.comeBack();
                return true;
            });
            rig.assertNothingLeft();
            assertThat(onlyEntry(rig).kind()).isEqualTo(Kind.USAGE);
        }
    }

    @Test
    void billsTotalsOfATextResponseAsText() {
        try (SessionRig rig = running()) {
            rig.upstreamSends(done("completed", "{\"input_tokens\":20,\"output_tokens\":10}")
                    .replace("\"status\"", "\"output_modalities\":[\"text\"],\"status\""));

            assertThat(onlyEntry(rig).kind()).isEqualTo(Kind.ESTIMATED);
            assertThat(onlyEntry(rig).cost().value()).isEqualTo(20 * 32_000 + 10 * 16_000);
            assertSettled(rig);
        }
    }

    @Test
    void estimatesWhereTheFiguresAreNonsense() {
        for (String usage : new String[] {
            "{\"input_tokens\":-5,\"output_tokens\":0}",
            "{\"input_tokens\":1e30,\"output_tokens\":10}",
            "{\"input_tokens\":20,\"output_tokens\":10,\"input_token_details\":{\"text_tokens\":\"20\"}}"
        }) {
            try (SessionRig rig = running()) {
                rig.upstreamSends(done("completed", usage));

                assertThat(onlyEntry(rig).kind()).as(usage).isEqualTo(Kind.ESTIMATED);
                assertThat(onlyEntry(rig).cost()).as(usage).isGreaterThan(NanoUsd.ZERO);
                assertSettled(rig);
            }
        }
    }

    @Test
    void writesAResponseDownOnceThatIsToldTwice() {
        try (SessionRig rig = running()) {
            rig.upstreamSends(done("completed", USAGE));
            rig.clientSends("{\"type\":\"response.create\",\"event_id\":\"c2\"}");
            rig.upstreamSends(done("completed", USAGE));
            rig.upstreamSends(
                    "{\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\",\"conversation_id\":\"conv_1\"}}");

            assertThat(rig.entries()).hasSize(1);
            assertThat(rig.on(rig.budget::spent)).isEqualTo(NanoUsd.ofUsd("0.0071848"));
            assertThat(rig.on(rig.budget::openReservations))
                    .as("the second create keeps its own, beside the spare")
                    .isEqualTo(2);
            leave(rig);
            rig.assertNothingLeft();
            assertThat(rig.entries()).hasSize(1);
        }
    }

    @Test
    void endsTheSessionRatherThanTellUsageThatItCannotRead() {
        try (SessionRig rig = running()) {
            rig.upstreamSends("{\"type\":\"response.done\",\"response\":{\"id\":\"resp_1\",\"id\":\"resp_1\"}}");

            assertThat(rig.clientTypes()).doesNotContain("response.done").endsWith("error");
            assertThat(rig.on(rig.client::closeCode)).isEqualTo(1011);
            rig.assertNothingLeft();
            assertThat(onlyEntry(rig).kind()).isEqualTo(Kind.ESTIMATED);
            assertThat(rig.errors).extracting(error -> error.code()).containsExactly("upstream_unreadable");
        }
    }

    private static SessionRig running() {
        SessionRig rig = SessionRig.started();
        begin(rig);
        return rig;
    }

    private static void begin(SessionRig rig) {
        rig.clientSends("{\"type\":\"response.create\",\"event_id\":\"c1\"}");
        rig.upstreamSends("{\"type\":\"response.created\",\"event_id\":\"e1\",\"response\":{\"id\":\"resp_1\","
                + "\"status\":\"in_progress\",\"conversation_id\":\"conv_1\",\"usage\":null}}");
    }

    private static void leave(SessionRig rig) {
        rig.on(() -> {
            rig.client.lose(new LegEnd(LegEnd.Cause.PEER_CLOSED, 1000, ""));
            return true;
        });
    }

    private static String done(String status, String usage) {
        return "{\"type\":\"response.done\",\"event_id\":\"e2\",\"response\":{\"id\":\"resp_1\",\"status\":\"" + status
                + "\",\"conversation_id\":\"conv_1\",\"usage\":" + usage + "}}";
    }

    private static UsageEntry onlyEntry(SessionRig rig) {
        assertThat(rig.entries()).hasSize(1);
        return rig.entries().getFirst();
    }

    /** Nothing but the session's spare cover is open; and nothing at all after its end. */
    private static void assertSettled(SessionRig rig) {
        assertThat(rig.on(rig.budget::openReservations)).isEqualTo(1);
        assertThat(rig.on(rig.budget::reserved)).isEqualTo(NanoUsd.ZERO);
        leave(rig);
        rig.assertNothingLeft();
    }
}
