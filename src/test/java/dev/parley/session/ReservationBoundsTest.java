package dev.parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What is reserved for a response is never less than it can cost, however the client words and times its events. */
class ReservationBoundsTest {
    private static final long TEXT_IN = 4_000;
    private static final long AUDIO_IN = 32_000;

    @Test
    void countsAudioWhoseCommitIsStillUnderWay() {
        try (SessionRig rig = SessionRig.started()) {
            append(rig, 60_000);
            rig.clientSends("{\"type\":\"input_audio_buffer.commit\"}");
            long first = reservedFor(rig, "{\"type\":\"response.create\"}");

            assertThat(first)
                    .as("a minute is 600 tokens, and the answer to the commit is not here yet")
                    .isGreaterThan(4_096L * 64_000 + 600 * AUDIO_IN);
        }
    }

    @Test
    void countsTheConversationWhenTheInputIsNull() {
        try (SessionRig rig = SessionRig.started()) {
            say(rig, 10_000);
            long reserved = reservedFor(
                    rig, "{\"type\":\"response.create\",\"response\":{\"conversation\":\"none\",\"input\":null}}");

            assertThat(reserved).isGreaterThan(4_096L * 64_000 + 10_000 * TEXT_IN);
        }
    }

    @Test
    void countsTheSessionsInstructionsWhereTheInputReplacesTheConversation() {
        try (SessionRig rig = SessionRig.started()) {
            instruct(rig, 10_000);
            long reserved = reservedFor(
                    rig, "{\"type\":\"response.create\",\"response\":{\"conversation\":\"none\",\"input\":[]}}");

            assertThat(reserved).isGreaterThan(4_096L * 64_000 + 10_000 * TEXT_IN);
        }
    }

    @Test
    void leavesTheConversationOutWhereTheInputReplacesIt() {
        try (SessionRig rig = SessionRig.started()) {
            say(rig, 10_000);
            long reserved = reservedFor(
                    rig, "{\"type\":\"response.create\",\"response\":{\"conversation\":\"none\",\"input\":[]}}");

            assertThat(reserved).isLessThan(4_096L * 64_000 + 5_000 * TEXT_IN);
        }
    }

    @Test
    void countsWhatAResponseOnItsOwnInputAddedToTheConversation() {
        try (SessionRig rig = SessionRig.started()) {
            respond(
                    rig,
                    "{\"input\":[]}",
                    "\"input_tokens\":10,\"output_tokens\":3000,\"input_token_details\":"
                            + "{\"text_tokens\":10,\"audio_tokens\":0},\"output_token_details\":{\"text_tokens\":0,\"audio_tokens\":3000}");
            long reserved = reservedFor(rig, "{\"type\":\"response.create\"}");

            assertThat(reserved).isGreaterThan(4_096L * 64_000 + 3_000 * AUDIO_IN);
        }
    }

    @Test
    void countsTheSessionsInstructionsAgainAfterAResponseWithItsOwn() {
        try (SessionRig rig = SessionRig.started()) {
            instruct(rig, 10_000);
            respond(
                    rig,
                    "{\"instructions\":\"x\"}",
                    "\"input_tokens\":10,\"output_tokens\":1,\"input_token_details\":"
                            + "{\"text_tokens\":10,\"audio_tokens\":0},\"output_token_details\":{\"text_tokens\":1,\"audio_tokens\":0}");
            long reserved = reservedFor(rig, "{\"type\":\"response.create\"}");

            assertThat(reserved).isGreaterThan(4_096L * 64_000 + 10_000 * TEXT_IN);
        }
    }

    @Test
    void takesTheAudioPriceFromTheMomentThatAudioIsAskedFor() {
        try (SessionRig rig = SessionRig.started()) {
            rig.upstreamSends(modalities("text"));
            assertThat(reservedFor(rig, "{\"type\":\"response.create\",\"response\":{\"conversation\":\"none\"}}"))
                    .as("a session of text")
                    .isLessThan(4_096L * 64_000);
            rig.clientSends("{\"type\":\"session.update\",\"event_id\":\"u\",\"session\":{\"type\":\"realtime\","
                    + "\"output_modalities\":[\"audio\"]}}");

            assertThat(reservedFor(rig, "{\"type\":\"response.create\",\"response\":{\"conversation\":\"none\"}}"))
                    .as("the answer to the update is not here yet")
                    .isGreaterThan(4_096L * 64_000);
        }
    }

    @Test
    void takesTheTextPriceAgainWhenTheProviderRefusedAudio() {
        try (SessionRig rig = SessionRig.started()) {
            rig.upstreamSends(modalities("text"));
            rig.clientSends("{\"type\":\"session.update\",\"event_id\":\"u\",\"session\":{\"type\":\"realtime\","
                    + "\"output_modalities\":[\"audio\"]}}");
            rig.upstreamSends("{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"code\":\"x\","
                    + "\"message\":\"no\",\"event_id\":\"u\"}}");

            assertThat(reservedFor(rig, "{\"type\":\"response.create\",\"response\":{\"conversation\":\"none\"}}"))
                    .isLessThan(4_096L * 64_000);
        }
    }

    @Test
    void measuresAudioByTheDenserFormatWhileAFormatIsUnderWay() {
        try (SessionRig rig = SessionRig.started()) {
            rig.clientSends("{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"audio\":{\"input\":"
                    + "{\"format\":{\"type\":\"audio/pcmu\"}}}}}");
            // 60 s of G.711 are 480,000 bytes; as PCM they would be ten seconds.
            rig.clientSends("{\"type\":\"input_audio_buffer.append\",\"audio\":\"" + "A".repeat(640_000) + "\"}");
            rig.clientSends("{\"type\":\"input_audio_buffer.commit\"}");

            assertThat(reservedFor(rig, "{\"type\":\"response.create\"}"))
                    .isGreaterThan(4_096L * 64_000 + 600 * AUDIO_IN);
        }
    }

    private static void append(SessionRig rig, int millis) {
        rig.clientSends("{\"type\":\"input_audio_buffer.append\",\"audio\":\"" + "A".repeat(millis * 64) + "\"}");
    }

    private static void say(SessionRig rig, int letters) {
        rig.clientSends("{\"type\":\"conversation.item.create\",\"item\":{\"type\":\"message\",\"role\":\"user\","
                + "\"content\":[{\"type\":\"input_text\",\"text\":\"" + "x".repeat(letters) + "\"}]}}");
    }

    private static void instruct(SessionRig rig, int letters) {
        String instructions = "\"instructions\":\"" + "x".repeat(letters) + "\"";
        rig.upstreamSends(SessionRig.updated(false));
        rig.clientSends("{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\"," + instructions + "}}");
        rig.upstreamSends(SessionRig.updated(false)
                .replace("\"type\":\"realtime\",", "\"type\":\"realtime\"," + instructions + ','));
    }

    private static String modalities(String one) {
        return SessionRig.updated(false)
                .replace("\"output_modalities\":[\"audio\"]", "\"output_modalities\":[\"" + one + "\"]");
    }

    private static void respond(SessionRig rig, String wish, String usage) {
        rig.clientSends("{\"type\":\"response.create\",\"response\":" + wish + "}");
        rig.upstreamSends("{\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\",\"conversation_id\":\"c\"}}");
        rig.upstreamSends("{\"type\":\"response.done\",\"response\":{\"id\":\"resp_1\",\"conversation_id\":\"c\","
                + "\"status\":\"completed\",\"usage\":{" + usage + "}}}");
    }

    private static long reservedFor(SessionRig rig, String create) {
        long before = rig.on(rig.budget::reserved).value();
        rig.clientSends(create);
        return rig.on(rig.budget::reserved).value() - before;
    }
}
