package dev.parley.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.concurrent.ManualTicker;
import dev.parley.relay.Backlog.Replay;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BacklogTest {
    private static final long NODE_MAX = 1 << 20;

    private final ManualTicker ticker = new ManualTicker(Instant.EPOCH);
    private Backlogs backlogs = new Backlogs(NODE_MAX, 64 << 10, ticker);
    private Backlog backlog = backlogs.open(Duration.ofSeconds(30));

    @AfterEach
    void nothingIsLeft() {
        backlog.close();
        assertThat(backlogs.bytes()).as("bytes that nobody gave back").isZero();
    }

    @Test
    void givesWhatFollowsTheLastEventInOrder() {
        IntStream.range(0, 100).forEach(this::pass);

        Replay replay = backlog.after("event_60");

        assertThat(replay.whole()).isTrue();
        assertThat(ids(replay)).containsExactlyElementsOf(names(61, 100));
    }

    @Test
    void givesNothingToWhoHasEverything() {
        pass(1);

        assertThat(backlog.after("event_1")).isEqualTo(new Replay(List.of(), true));
    }

    @Test
    void givesEverythingToWhoHasNothing() {
        IntStream.range(0, 5).forEach(this::pass);

        Replay replay = backlog.after(null);

        assertThat(replay.whole()).isTrue();
        assertThat(ids(replay)).containsExactlyElementsOf(names(0, 5));
    }

    @Test
    void findsOnlyTheEventsOwnId() {
        pass("{\"type\":\"error\",\"event_id\":\"event_a\",\"error\":{\"event_id\":\"event_b\"}}");
        pass("{\"type\":\"x\",\"delta\":\"\\\"event_b\\\"\",\"event_id\":\"event_c\"}");

        assertThat(backlog.after("event_b").whole())
                .as("a client's id inside an error")
                .isFalse();
        assertThat(backlog.after("event_c").whole()).isTrue();
    }

    @Test
    void saysWhenTheOldestHadToGo() {
        String large = "x".repeat(6_000);
        IntStream.range(0, 40).forEach(n -> pass(event(n, large)));

        Replay replay = backlog.after("event_3");

        assertThat(replay.whole()).isFalse();
        assertThat(ids(replay))
                .endsWith("event_39")
                .isEqualTo(names(40 - replay.events().size(), 40));
        assertThat(replay.events().size()).as("as much as fits").isBetween(5, 11);
        assertThat(backlog.after("event_38").whole()).isTrue();
        assertThat(backlog.after(null).whole()).isFalse();
    }

    @Test
    void keepsNoMoreThanTheLastTenThousandEvents() {
        backlogs = new Backlogs(NODE_MAX, 1 << 20, ticker);
        backlog = backlogs.open(Duration.ofSeconds(30));
        IntStream.range(0, 12_000).forEach(n -> pass("{\"event_id\":\"event_" + n + "\"}"));

        Replay replay = backlog.after("event_0");

        assertThat(replay.whole()).isFalse();
        assertThat(replay.events().size()).isBetween(Backlogs.SESSION_EVENTS_MAX * 3 / 4, Backlogs.SESSION_EVENTS_MAX);
        assertThat(ids(replay)).isEqualTo(names(12_000 - replay.events().size(), 12_000));
    }

    @Test
    void leavesRoomInTheNodeForWhomNobodyHearsNow() {
        backlogs = new Backlogs(64 << 10, 64 << 10, ticker);
        backlog = backlogs.open(Duration.ofSeconds(30));
        Backlog greedy = backlogs.open(Duration.ofSeconds(30));
        IntStream.range(0, 100).forEach(n -> pass(greedy, event(n, "y".repeat(1_000)), Edge.MESSAGE));
        assertThat(backlogs.bytes()).isLessThanOrEqualTo(48 << 10);

        backlog.unattended(true);
        IntStream.range(0, 8).forEach(n -> pass(event(n, "x".repeat(1_000))));

        assertThat(backlog.after(null).events()).hasSize(8);
        greedy.close();
    }

    @Test
    void staysWithinTheMemoryOfTheNode() {
        backlogs = new Backlogs(16 << 10, 64 << 10, ticker);
        backlog = backlogs.open(Duration.ofSeconds(30));
        Backlog other = backlogs.open(Duration.ofSeconds(30));
        IntStream.range(0, 20).forEach(n -> {
            pass(event(n, "x".repeat(1_000)));
            pass(other, event(n, "y".repeat(1_000)), Edge.MESSAGE);
        });

        assertThat(backlogs.bytes()).isLessThanOrEqualTo(16 << 10);
        assertThat(backlog.after("event_19").whole()).isTrue();
        assertThat(backlog.after("event_0").whole()).isFalse();
        other.close();
    }

    @Test
    void givesUpWhatIsTooOldUnlessNobodyIsThere() {
        pass(1);
        ticker.advance(Duration.ofSeconds(20));
        pass(2);
        ticker.advance(Duration.ofSeconds(15));

        backlog.expire();
        assertThat(ids(backlog.after(null))).containsExactly("event_2");

        backlog.unattended(true);
        ticker.advance(Duration.ofSeconds(60));
        backlog.expire();
        pass(3);
        assertThat(ids(backlog.after(null))).containsExactly("event_2", "event_3");
    }

    @Test
    void keepsAMessageThatComesInPiecesWhole() {
        byte[] frame = frame(event(1, "x".repeat(20_000)));
        pass(0);
        portion(backlog, frame, 0, 7_000, Edge.INSIDE, 0);
        portion(backlog, frame, 7_000, 15_000, Edge.INSIDE, 0);
        backlog.add(Buffer.buffer(event(2, "own")));
        List<String> order = new ArrayList<>();
        backlog.atEdge(() -> order.addAll(ids(backlog.after("event_0"))));
        assertThat(order).as("not inside a message").isEmpty();
        portion(backlog, frame, 15_000, frame.length, Edge.MESSAGE, 1);

        assertThat(order).containsExactly("event_1", "event_2");
    }

    @Test
    void forgetsAMessageWhoseBeginningIsGone() {
        byte[] frame = frame(event(1, "x".repeat(100_000)));
        pass(0);
        for (int at = 0; at < frame.length; at += 10_000) {
            int to = Math.min(frame.length, at + 10_000);
            portion(
                    backlog,
                    frame,
                    at,
                    to,
                    to == frame.length ? Edge.MESSAGE : Edge.INSIDE,
                    to == frame.length ? 1 : 0);
        }
        pass(2);

        Replay replay = backlog.after("event_0");
        assertThat(replay.whole()).isFalse();
        assertThat(ids(replay)).containsExactly("event_2");
    }

    @Test
    void joinsTheFramesOfAFragmentedMessage() {
        String text = event(1, "abcdef");
        ByteBuf frames = Unpooled.buffer();
        Frames.write(frames, FrameHeader.TEXT, false, text.substring(0, 10).getBytes(StandardCharsets.UTF_8), false);
        Frames.write(
                frames, FrameHeader.CONTINUATION, true, text.substring(10).getBytes(StandardCharsets.UTF_8), false);
        backlog.add(new Portion(frames, Edge.MESSAGE, 1, text.length()));

        assertThat(backlog.after(null).events()).containsExactly(Buffer.buffer(text));
    }

    private void pass(int number) {
        pass(event(number, "words"));
    }

    private void pass(String text) {
        pass(backlog, text, Edge.MESSAGE);
    }

    private static void pass(Backlog to, String text, Edge end) {
        byte[] frame = frame(text);
        portion(to, frame, 0, frame.length, end, 1);
    }

    private static void portion(Backlog to, byte[] bytes, int from, int until, Edge end, int messages) {
        to.add(new Portion(Unpooled.wrappedBuffer(bytes, from, until - from), end, messages, 0));
        to.moved();
    }

    private static byte[] frame(String text) {
        ByteBuf frame = Unpooled.buffer();
        Frames.write(frame, FrameHeader.TEXT, true, text.getBytes(StandardCharsets.UTF_8), false);
        byte[] bytes = new byte[frame.readableBytes()];
        frame.readBytes(bytes);
        return bytes;
    }

    private static String event(int number, String words) {
        return "{\"type\":\"response.output_text.delta\",\"event_id\":\"event_" + number + "\",\"delta\":\"" + words
                + "\"}";
    }

    private static List<String> ids(Replay replay) {
        return replay.events().stream()
                .map(event -> TopLevelMember.find(event.getBytes(), "event_id"))
                .toList();
    }

    private static List<String> names(int from, int to) {
        return IntStream.range(from, to).mapToObj(n -> "event_" + n).toList();
    }
}
