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

    private final Deque<Run> runs = new ArrayDeque<>();
    private final Deque<Turn> turns = new ArrayDeque<>();
    /** Those that run, by the provider's id of their response. */
    private final Map<String, Turn> open = new LinkedHashMap<>();
    /** When the user's side of the next turn ended; null before it does. */
    private @Nullable Instant asked;

    /** Events of one type that follow each other, as they come. */
    private static final class Run {
        private final boolean fromClient;
        private final EventType type;
        private final Instant from;
        private Instant to;
        private int events;
        private long bytes;

        Run(boolean fromClient, EventType type, Instant from) {
            this.fromClient = fromClient;
            this.type = type;
            this.from = from;
            this.to = from;
        }

        void add(long more, Instant now) {
            to = now;
            events++;
            bytes += more;
        }

        Span span() {
            String name = type == EventType.UNKNOWN ? "other" : type.wireName();
            return new Span(fromClient, name, from, to, events, bytes);
        }
    }

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

    /** Whether output is the first of some turn: of all that follows nothing is noted. */
    boolean awaits(boolean audio) {
        for (Turn turn : open.values()) {
            if (awaits(turn, audio)) {
                return true;
            }
        }
        return false;
    }

    private static boolean awaits(Turn turn, boolean audio) {
        return turn.firstOutput() == null || (audio && turn.firstAudio() == null);
    }

    /** @param response null: of the only one */
    void delivered(@Nullable String response, boolean audio, Instant now) {
        Turn turn = found(response);
        if (turn != null && awaits(turn, audio)) {
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
    void passed(boolean fromClient, EventType type, long bytes, Instant now) {
        Run last = runs.peekLast();
        if (last == null || last.fromClient != fromClient || last.type != type) {
            if (runs.size() == SPANS_MAX) {
                runs.removeFirst();
            }
            last = new Run(fromClient, type, now);
            runs.addLast(last);
        }
        last.add(bytes, now);
    }

    SessionTimeline snapshot() {
        List<Turn> all = new ArrayList<>(turns);
        all.addAll(open.values());
        return new SessionTimeline(runs.stream().map(Run::span).toList(), all);
    }

    private @Nullable Turn found(@Nullable String response) {
        if (response == null) {
            return open.size() == 1 ? open.values().iterator().next() : null;
        }
        return open.get(response);
    }
}
