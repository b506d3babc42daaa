package dev.parley.session;

import dev.parley.protocol.EventType;
import dev.parley.session.SessionTimeline.Span;
import dev.parley.session.SessionTimeline.Turn;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What has passed in a session of late: types, sizes and times of its events, never their content, and how quick its turns
 * were. Events of one type that follow each other are one span. Bounded by {@link #SPANS_MAX} and {@link #TURNS_MAX}, some
 * five kilobytes a session. Confined to the session's event loop.
 */
final class Timeline {
    static final int SPANS_MAX = 64;
    static final int TURNS_MAX = 32;

    private final Deque<Span> spans = new ArrayDeque<>();
    private final Deque<Turn> turns = new ArrayDeque<>();
    /** When the user's side of the next turn ended; null before it does. */
    private @Nullable Instant asked;

    private @Nullable Turn open;

    /** The type of a message is known: its first bytes are here. Ends a turn with {@code response.done}. */
    @Nullable
    Turn began(boolean fromClient, EventType type, Instant now) {
        switch (type) {
            case RESPONSE_CREATE -> asked = fromClient ? now : asked;
            case INPUT_AUDIO_BUFFER_SPEECH_STOPPED -> asked = fromClient ? asked : now;
            case INPUT_AUDIO_BUFFER_COMMITTED -> asked = fromClient || asked != null ? asked : now;
            case RESPONSE_CREATED -> {
                open = new Turn(asked == null ? now : asked, null, null, null);
                asked = null;
            }
            case RESPONSE_OUTPUT_AUDIO_DELTA -> delivered(true, now);
            case RESPONSE_OUTPUT_TEXT_DELTA,
                    RESPONSE_OUTPUT_AUDIO_TRANSCRIPT_DELTA,
                    RESPONSE_FUNCTION_CALL_ARGUMENTS_DELTA -> delivered(false, now);
            case RESPONSE_DONE -> {
                return done(now);
            }
            default -> {}
        }
        return null;
    }

    /** A message has arrived whole. */
    void ended(boolean fromClient, EventType of, long bytes, Instant now) {
        String type = of == EventType.UNKNOWN ? "other" : of.wireName();
        Span last = spans.peekLast();
        if (last != null && last.fromClient() == fromClient && last.type().equals(type)) {
            spans.removeLast();
            spans.addLast(new Span(fromClient, type, last.from(), now, last.events() + 1, last.bytes() + bytes));
            return;
        }
        if (spans.size() == SPANS_MAX) {
            spans.removeFirst();
        }
        spans.addLast(new Span(fromClient, type, now, now, 1, bytes));
    }

    SessionTimeline snapshot() {
        return new SessionTimeline(List.copyOf(spans), List.copyOf(turns));
    }

    private void delivered(boolean audio, Instant now) {
        Turn turn = open;
        if (turn != null && (turn.firstOutput() == null || (audio && turn.firstAudio() == null))) {
            open = new Turn(
                    turn.asked(),
                    turn.firstOutput() == null ? now : turn.firstOutput(),
                    audio && turn.firstAudio() == null ? now : turn.firstAudio(),
                    null);
        }
    }

    private @Nullable Turn done(Instant now) {
        Turn turn = open;
        open = null;
        if (turn == null) {
            return null;
        }
        if (turns.size() == TURNS_MAX) {
            turns.removeFirst();
        }
        Turn whole = new Turn(turn.asked(), turn.firstOutput(), turn.firstAudio(), now);
        turns.addLast(whole);
        return whole;
    }
}
