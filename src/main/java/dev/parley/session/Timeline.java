package dev.parley.session;

import dev.parley.protocol.EventType;
import dev.parley.session.SessionTimeline.Span;
import dev.parley.session.SessionTimeline.Turn;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What has passed in a session of late: types, sizes and times of its events, never their content, and how quick its turns
 * were. Events of one type that follow each other are one span. Bounded by {@link #SPANS_MAX}, {@link #TURNS_MAX} and
 * {@link #OPEN_MAX}, some five kilobytes a session. Confined to the session's event loop.
 */
final class Timeline {
    static final int SPANS_MAX = 64;
    static final int TURNS_MAX = 32;
    /** Turns that run at once; of more than these nothing is noted. */
    static final int OPEN_MAX = ResponseBook.OPEN_MAX;

    private final Deque<Span> spans = new ArrayDeque<>();
    private final Deque<Turn> turns = new ArrayDeque<>();
    /** Those that run, by the provider's id of their response. */
    private final Map<String, Turn> open = new LinkedHashMap<>();
    /** When the user's side of the next turn ended; null before it does. */
    private @Nullable Instant asked;

    /** An event that can end the user's side of a turn. */
    void heard(EventType type, Instant now) {
        switch (type) {
            case RESPONSE_CREATE, INPUT_AUDIO_BUFFER_SPEECH_STOPPED -> asked = now;
            case INPUT_AUDIO_BUFFER_COMMITTED -> asked = asked == null ? now : asked;
            default -> {}
        }
    }

    /** A response has begun. */
    void created(String response, Instant now) {
        created(response, asked == null ? now : asked, null);
        asked = null;
    }

    /** The same, where it is known when it was asked for, and which upstream account has it. */
    void created(String response, Instant askedAt, @Nullable String account) {
        if (open.size() < OPEN_MAX) {
            open.put(response, new Turn(response, account, askedAt, null, null, null));
        }
    }

    /** Whether an event of a response has to say of which one. */
    boolean ambiguous() {
        return open.size() > 1;
    }

    /** @param response null: of the only one */
    void delivered(@Nullable String response, boolean audio, Instant now) {
        Turn turn = found(response);
        if (turn != null && (turn.firstOutput() == null || (audio && turn.firstAudio() == null))) {
            open.put(
                    turn.response(),
                    new Turn(
                            turn.response(),
                            turn.account(),
                            turn.asked(),
                            turn.firstOutput() == null ? now : turn.firstOutput(),
                            audio && turn.firstAudio() == null ? now : turn.firstAudio(),
                            null));
        }
    }

    /** @param response null: the only one */
    @Nullable
    Turn done(@Nullable String response, Instant now) {
        Turn turn = found(response);
        if (turn == null) {
            return null;
        }
        open.remove(turn.response());
        if (turns.size() == TURNS_MAX) {
            turns.removeFirst();
        }
        Turn whole =
                new Turn(turn.response(), turn.account(), turn.asked(), turn.firstOutput(), turn.firstAudio(), now);
        turns.addLast(whole);
        return whole;
    }

    /** A message is through. */
    void passed(boolean fromClient, EventType of, long bytes, Instant now) {
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
        List<Turn> all = new ArrayList<>(turns);
        all.addAll(open.values());
        return new SessionTimeline(List.copyOf(spans), all);
    }

    private @Nullable Turn found(@Nullable String response) {
        if (response == null) {
            return open.size() == 1 ? open.values().iterator().next() : null;
        }
        return open.get(response);
    }
}
