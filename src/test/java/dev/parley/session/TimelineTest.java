package dev.parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.protocol.EventType;
import dev.parley.session.SessionTimeline.Span;
import dev.parley.session.SessionTimeline.Turn;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class TimelineTest {
    private static final Instant START = Instant.parse("2026-11-21T09:00:00Z");

    private final Timeline timeline = new Timeline();

    @Test
    void eventsOfOneTypeThatFollowEachOtherAreOneSpan() {
        timeline.ended(true, EventType.INPUT_AUDIO_BUFFER_APPEND, 100, at(0));
        timeline.ended(true, EventType.INPUT_AUDIO_BUFFER_APPEND, 150, at(20));
        timeline.ended(false, EventType.INPUT_AUDIO_BUFFER_SPEECH_STARTED, 90, at(25));
        timeline.ended(true, EventType.INPUT_AUDIO_BUFFER_APPEND, 100, at(40));

        assertThat(timeline.snapshot().spans())
                .containsExactly(
                        new Span(true, "input_audio_buffer.append", at(0), at(20), 2, 250),
                        new Span(false, "input_audio_buffer.speech_started", at(25), at(25), 1, 90),
                        new Span(true, "input_audio_buffer.append", at(40), at(40), 1, 100));
    }

    @Test
    void keepsTheLastSpansOnly() {
        for (int i = 0; i < 3 * Timeline.SPANS_MAX; i++) {
            timeline.ended(i % 2 == 0, EventType.UNKNOWN, 1, at(i));
        }

        assertThat(timeline.snapshot().spans()).hasSize(Timeline.SPANS_MAX);
        assertThat(timeline.snapshot().spans().getLast().from()).isEqualTo(at(3 * Timeline.SPANS_MAX - 1));
        assertThat(timeline.snapshot().spans().getLast().type()).isEqualTo("other");
    }

    @Test
    void aTurnOfTheClientBeginsWithItsCreate() {
        timeline.began(true, EventType.RESPONSE_CREATE, at(0));
        timeline.began(false, EventType.RESPONSE_CREATED, at(30));
        timeline.began(false, EventType.RESPONSE_OUTPUT_TEXT_DELTA, at(200));
        timeline.began(false, EventType.RESPONSE_OUTPUT_AUDIO_DELTA, at(350));
        timeline.began(false, EventType.RESPONSE_OUTPUT_AUDIO_DELTA, at(400));
        Turn turn = timeline.began(false, EventType.RESPONSE_DONE, at(900));

        assertThat(turn).isEqualTo(new Turn(at(0), at(200), at(350), at(900)));
        assertThat(timeline.snapshot().turns()).containsExactly(new Turn(at(0), at(200), at(350), at(900)));
    }

    @Test
    void aTurnByVoiceBeginsWhereTheSpeechEnds() {
        timeline.began(false, EventType.INPUT_AUDIO_BUFFER_SPEECH_STARTED, at(0));
        timeline.began(false, EventType.INPUT_AUDIO_BUFFER_SPEECH_STOPPED, at(2_000));
        timeline.began(false, EventType.INPUT_AUDIO_BUFFER_COMMITTED, at(2_010));
        timeline.began(false, EventType.RESPONSE_CREATED, at(2_020));
        timeline.began(false, EventType.RESPONSE_OUTPUT_AUDIO_DELTA, at(2_300));
        Turn turn = timeline.began(false, EventType.RESPONSE_DONE, at(4_000));

        assertThat(turn).isEqualTo(new Turn(at(2_000), at(2_300), at(2_300), at(4_000)));
    }

    @Test
    void aResponseThatSaidNothingHasNoFirstOutput() {
        timeline.began(false, EventType.RESPONSE_CREATED, at(0));
        Turn turn = timeline.began(false, EventType.RESPONSE_DONE, at(10));

        assertThat(turn).isEqualTo(new Turn(at(0), null, null, at(10)));
        assertThat(timeline.began(false, EventType.RESPONSE_DONE, at(20)))
                .as("an end without a beginning")
                .isNull();
    }

    private static Instant at(long millis) {
        return START.plusMillis(millis);
    }
}
