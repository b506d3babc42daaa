package dev.parley.content;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.content.SessionContent.Audio;
import dev.parley.content.SessionContent.Said;
import dev.parley.domain.SessionId;
import dev.parley.domain.TenantId;
import dev.parley.protocol.EventType;
import io.vertx.core.buffer.Buffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ContentCaptureTest {
    private static final Instant START = Instant.parse("2026-11-21T09:00:00Z");
    private static final int PCM = 48;

    private final ContentMemory memory = new ContentMemory(1);
    private final ContentCapture capture = memory.open(_ -> PCM);
    private long millis;

    @Test
    void keepsWhatIsSaidAsItCame() {
        String item =
                "{\"type\":\"conversation.item.create\",\"item\":{\"content\":[{\"type\":\"input_text\",\"text\":\"Hi <b>\"}]}}";
        fromClient(item);
        fromUpstream("{\"type\":\"response.content_part.added\"}");

        assertThat(entries())
                .extracting(Said::json)
                .containsExactly(item, "{\"type\":\"response.content_part.added\"}");
        assertThat(entries())
                .extracting(Said::type)
                .containsExactly("conversation.item.create", "response.content_part.added");
        assertThat(entries()).extracting(Said::fromClient).containsExactly(true, false);
        assertThat(entries().getFirst().bytes()).isEqualTo(item.length());
    }

    @Test
    void keepsOfAudioOnlyHowMuchItWas() {
        String audio = Base64.getEncoder().encodeToString(new byte[PCM * 100]);
        fromClient("{\"type\":\"input_audio_buffer.append\",\"audio\":\"" + audio + "\"}");
        fromClient("{\"audio\":\"" + audio + "\",\"type\":\"input_audio_buffer.append\"}");
        fromClient("{\"type\":\"session.input_audio_buffer.append\",\"audio\":\"" + audio + "\"}");
        fromUpstream("{\"type\":\"response.output_audio.delta\",\"item_id\":\"i1\",\"delta\":\"" + audio + "\"}");
        fromClient(
                "{\"type\":\"conversation.item.create\",\"item\":{\"content\":[{\"type\":\"input_audio\",\"audio\":\""
                        + audio + "\"},{\"type\":\"input_image\",\"image_url\":\"data:image/png;base64," + audio
                        + "\"}]}}");

        assertThat(entries())
                .extracting(Said::audio)
                .containsExactly(
                        new Audio(2 * PCM * 100, 200), new Audio(PCM * 100, 100), new Audio(PCM * 100, 100), null);
        assertThat(entries())
                .extracting(Said::json)
                .containsExactly(
                        "{\"type\":\"input_audio_buffer.append\"}",
                        "{\"type\":\"session.input_audio_buffer.append\"}",
                        "{\"type\":\"response.output_audio.delta\",\"item_id\":\"i1\"}",
                        "{\"type\":\"conversation.item.create\",\"item\":{\"content\":[{\"type\":\"input_audio\",\"audio\":\"[audio: 4800 bytes]\"},"
                                + "{\"type\":\"input_image\",\"image_url\":\"[image/png: 4800 bytes]\"}]}}");
        assertThat(entries().getFirst().events()).isEqualTo(2);
    }

    @Test
    void keepsNoSecretsOfTools() {
        fromClient(
                "{\"type\":\"session.update\",\"session\":{\"tools\":[{\"type\":\"mcp\",\"Authorization\":\"t0k\",\"headers\":{\"x\":\"t0k\"}}]}}");

        assertThat(entries().getFirst().json()).doesNotContain("t0k").contains("\"Authorization\":\"[secret]\"");
    }

    @Test
    void joinsTheDeltasOfOneTextWhileAudioComesBetween() {
        fromUpstream(delta("response.output_audio_transcript", "i1", "Hel"));
        fromUpstream(delta("response.output_audio", "i1", "AAAA"));
        fromUpstream(delta("response.output_audio_transcript", "i2", "Other"));
        fromUpstream(delta("response.output_audio_transcript", "i1", "lo"));
        fromUpstream("{\"type\":\"response.done\"}");
        fromUpstream(delta("response.output_audio_transcript", "i1", "again"));

        assertThat(entries()).extracting(Said::text).containsExactly("Hello", null, "Other", null, "again");
        assertThat(entries().getFirst().events()).isEqualTo(2);
        assertThat(entries().getFirst().from()).isEqualTo(START.plusMillis(1));
        assertThat(entries().getFirst().to()).isEqualTo(START.plusMillis(4));
    }

    @Test
    void cutsLongTextsAndSaysSo() {
        fromClient("{\"type\":\"x\",\"text\":\"" + "a".repeat(Excerpt.TEXT_MAX - 1) + "\uD83D\uDE00" + "b".repeat(9)
                + "\"}");
        for (int i = 0; i < 10; i++) {
            fromUpstream(delta("response.output_text", "i1", "c".repeat(ContentCapture.JOINED_MAX / 5)));
        }

        assertThat(entries().getFirst().json()).endsWith("a… [11 more characters]\"}");
        assertThat(entries().getLast().text()).hasSize(ContentCapture.JOINED_MAX + "… [1600 more characters]".length());
        assertThat(entries().getLast().events()).isEqualTo(10);
    }

    @Test
    void tellsOfWhatIsTooLargeOrNoJsonBySizeOnly() {
        capture.add(false, EventType.RESPONSE_OUTPUT_AUDIO_DELTA, 400_000, null, START);
        capture.add(true, EventType.CONVERSATION_ITEM_CREATE, 300_000, Buffer.buffer(new byte[300_000]), START);
        capture.add(false, EventType.UNKNOWN, 9, Buffer.buffer("not json!"), START);

        assertThat(entries())
                .containsExactly(
                        new Said(
                                1,
                                false,
                                "response.output_audio.delta",
                                START,
                                START,
                                1,
                                400_000,
                                null,
                                null,
                                new Audio(300_000, 6_250)),
                        new Said(2, true, "conversation.item.create", START, START, 1, 300_000, null, null, null),
                        new Said(3, false, "other", START, START, 1, 9, null, null, null));
    }

    @Test
    void keepsTheLastEntriesOfASessionOnly() {
        for (int i = 0; i < ContentCapture.ENTRIES_MAX + 10; i++) {
            fromClient("{\"type\":\"x\",\"n\":" + i + "}");
        }

        assertThat(entries()).hasSize(ContentCapture.ENTRIES_MAX);
        assertThat(entries().getFirst().json()).contains("\"n\":10}");
        assertThat(capture.snapshot().dropped()).isEqualTo(10);
    }

    @Test
    void keepsNoMoreBytesOfASessionThanItsBound() {
        for (int i = 0; i < 60; i++) {
            fromClient("{\"type\":\"x\",\"a\":[\"" + "a".repeat(2_000) + "\",\"" + "b".repeat(2_000) + "\"]}");
        }

        assertThat(capture.snapshot().memory())
                .isBetween(ContentCapture.BYTES_MAX - 10_000L, (long) ContentCapture.BYTES_MAX);
        assertThat(capture.snapshot().dropped()).isPositive();
    }

    @Test
    void dropsTheOldestWhosoeverItIsWhenTheNodeIsFull() {
        List<ContentCapture> sessions = new ArrayList<>();
        int full = (int) (ContentMemory.LIVE_BYTES_MAX / ContentCapture.BYTES_MAX);
        for (int i = 0; i < full + 3; i++) {
            ContentCapture session = memory.open(_ -> PCM);
            sessions.add(session);
            for (int n = 0; n < 70; n++) {
                session.add(
                        true,
                        EventType.UNKNOWN,
                        9,
                        Buffer.buffer("{\"type\":\"x\",\"a\":\"" + "a".repeat(2_000) + "\"}"),
                        START);
            }
        }

        assertThat(sessions.getFirst().snapshot().isEmpty())
                .as("the oldest session's")
                .isTrue();
        assertThat(sessions.getLast().snapshot().entries()).hasSizeGreaterThan(50);
        assertThat(sessions.stream()
                        .mapToLong(session -> session.snapshot().memory())
                        .sum())
                .isLessThanOrEqualTo(ContentMemory.LIVE_BYTES_MAX);

        sessions.forEach(ContentCapture::close);
        fromClient("{\"type\":\"x\"}");
        assertThat(entries()).as("there is room again").hasSize(1);
    }

    @Test
    void keepsNothingOnceItIsClosed() {
        fromClient("{\"type\":\"x\"}");
        capture.close();
        fromClient("{\"type\":\"x\"}");

        assertThat(capture.snapshot().isEmpty()).isTrue();
    }

    @Test
    void keepsTheLastSessionsThatEndedUntilTheyAreForgotten() {
        fromClient("{\"type\":\"x\"}");
        List<SessionId> ended = new ArrayList<>();
        for (int i = 0; i < ContentMemory.ENDED_MAX + 1; i++) {
            ended.add(SessionId.random());
            memory.keep(ended.getLast(), new TenantId(i % 2 == 0 ? "even" : "odd"), capture.snapshot());
        }
        assertThat(memory.find(ended.getFirst())).as("the first of too many").isEmpty();
        assertThat(memory.find(ended.getLast())).contains(capture.snapshot());

        memory.forget(ended.getLast());
        memory.forget(Set.of(new TenantId("odd")));

        assertThat(memory.find(ended.getLast())).isEmpty();
        assertThat(memory.find(ended.get(3))).as("of a tenant that has changed").isEmpty();
        assertThat(memory.find(ended.get(4))).isPresent();
    }

    @Test
    void tellsNoLogWhatWasSaid() {
        fromClient("{\"type\":\"x\",\"text\":\"canary\"}");

        assertThat(capture.snapshot() + " " + entries()).doesNotContain("canary");
    }

    private List<Said> entries() {
        return capture.snapshot().entries();
    }

    private static String delta(String type, String item, String delta) {
        return "{\"type\":\"" + type + ".delta\",\"item_id\":\"" + item + "\",\"delta\":\"" + delta + "\"}";
    }

    private void fromClient(String json) {
        add(true, json);
    }

    private void fromUpstream(String json) {
        add(false, json);
    }

    private void add(boolean fromClient, String json) {
        millis++;
        Buffer utf8 = Buffer.buffer(json);
        capture.add(fromClient, EventType.UNKNOWN, utf8.length(), utf8, START.plusMillis(millis));
    }
}
