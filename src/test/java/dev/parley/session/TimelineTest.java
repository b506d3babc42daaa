package dev.parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.protocol.EventType;
import dev.parley.session.SessionTimeline.Span;
import dev.parley.session.SessionTimeline.Turn;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class TimelineTest {
    private static final Instant START = Instant.parse("2026-11-21T09:00:00Z");

    private final Timeline timeline = new Timeline();

    @Test
    void eventsOfOneTypeThatFollowEachOtherAreOneSpan() {
        timeline.passed(true, EventType.INPUT_AUDIO_BUFFER_APPEND, 100, at(0));
        timeline.passed(true, EventType.INPUT_AUDIO_BUFFER_APPEND, 150, at(20));
        timeline.passed(false, EventType.INPUT_AUDIO_BUFFER_SPEECH_STARTED, 90, at(25));
        timeline.passed(true, EventType.INPUT_AUDIO_BUFFER_APPEND, 100, at(40));

        assertThat(timeline.snapshot().spans())
                .containsExactly(
                        new Span(true, "input_audio_buffer.append", at(0), at(20), 2, 250),
                        new Span(false, "input_audio_buffer.speech_started", at(25), at(25), 1, 90),
                        new Span(true, "input_audio_buffer.append", at(40), at(40), 1, 100));
    }

    @Test
    void keepsTheLastSpansOnly() {
        for (int i = 0; i < 3 * Timeline.SPANS_MAX; i++) {
            timeline.passed(i % 2 == 0, EventType.UNKNOWN, 1, at(i));
        }

        assertThat(timeline.snapshot().spans()).hasSize(Timeline.SPANS_MAX);
        assertThat(timeline.snapshot().spans().getLast().from()).isEqualTo(at(3 * Timeline.SPANS_MAX - 1));
        assertThat(timeline.snapshot().spans().getLast().type()).isEqualTo("other");
    }

    @Test
    void aTurnOfTheClientBeginsWithItsCreate() {
        timeline.heard(EventType.RESPONSE_CREATE, at(0));
        timeline.created("resp_1", at(30));
        timeline.delivered(null, false, at(200));
        timeline.delivered(null, true, at(350));
        timeline.delivered(null, true, at(400));
        assertThat(timeline.snapshot().turns()).containsExactly(turn("resp_1", at(0), at(200), at(350), null));

        Turn done = timeline.done(null, at(900));

        assertThat(done).isEqualTo(turn("resp_1", at(0), at(200), at(350), at(900)));
        assertThat(timeline.snapshot().turns()).containsExactly(done);
    }

    @Test
    void aTurnByVoiceBeginsWhereTheSpeechEnds() {
        timeline.heard(EventType.INPUT_AUDIO_BUFFER_SPEECH_STARTED, at(0));
        timeline.heard(EventType.INPUT_AUDIO_BUFFER_SPEECH_STOPPED, at(2_000));
        timeline.heard(EventType.INPUT_AUDIO_BUFFER_COMMITTED, at(2_010));
        timeline.created("resp_1", at(2_020));
        timeline.delivered(null, true, at(2_300));

        assertThat(timeline.done(null, at(4_000)))
                .isEqualTo(turn("resp_1", at(2_000), at(2_300), at(2_300), at(4_000)));
    }

    @Test
    void aResponseThatSaidNothingHasNoFirstOutput() {
        timeline.created("resp_1", at(0));

        assertThat(timeline.done(null, at(10))).isEqualTo(turn("resp_1", at(0), null, null, at(10)));
        assertThat(timeline.done(null, at(20))).as("an end without a beginning").isNull();
    }

    @Test
    void responsesAtOnceAreKeptApart() {
        timeline.created("resp_1", at(0));
        timeline.created("resp_2", at(5));
        assertThat(timeline.ambiguous()).isTrue();
        timeline.delivered("resp_2", false, at(20));
        timeline.delivered("resp_1", true, at(30));
        timeline.delivered(null, true, at(40));

        assertThat(timeline.done("resp_1", at(50))).isEqualTo(turn("resp_1", at(0), at(30), at(30), at(50)));
        assertThat(timeline.done("resp_2", at(60))).isEqualTo(turn("resp_2", at(5), at(20), null, at(60)));
    }

    @Test
    void keepsTheLastTurnsOnly() {
        for (int i = 0; i < 2 * Timeline.OPEN_MAX; i++) {
            timeline.created("resp_" + i, at(i));
        }
        for (int i = 0; i < 2 * Timeline.OPEN_MAX; i++) {
            timeline.done("resp_" + i, at(1_000));
        }
        timeline.created("resp_x", at(2_000));
        timeline.done(null, at(2_001));

        assertThat(timeline.snapshot().turns()).hasSize(Timeline.TURNS_MAX);
        assertThat(timeline.snapshot().turns().getLast().response()).isEqualTo("resp_x");
    }

    private static Turn turn(
            String response,
            Instant asked,
            @Nullable Instant firstOutput,
            @Nullable Instant firstAudio,
            @Nullable Instant done) {
        return new Turn(response, null, asked, firstOutput, firstAudio, done);
    }

    private static Instant at(long millis) {
        return START.plusMillis(millis);
    }
}
