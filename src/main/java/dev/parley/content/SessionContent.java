package dev.parley.content;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was said in a session of late, the oldest first. Never for a log: {@link #toString()} tells sizes only.
 *
 * @param dropped how many events were older and are kept no more
 */
public record SessionContent(List<Said> entries, long dropped) {
    public static final SessionContent NOTHING = new SessionContent(List.of(), 0);

    public SessionContent {
        entries = List.copyOf(entries);
    }

    public boolean isEmpty() {
        return entries.isEmpty();
    }

    /** Bytes of memory that it takes, at most. */
    public long memory() {
        return entries.stream().mapToLong(Said::memory).sum();
    }

    @Override
    public String toString() {
        return "SessionContent[" + entries.size() + " entries]";
    }

    /**
     * An event, or parts of one thing that followed each other: deltas of one text, pieces of audio.
     *
     * @param no that stays the entry's while it grows
     * @param type as on the wire
     * @param bytes of all events, as they came
     * @param json the first event without audio, images, secrets and the text that is in {@code text}; null if it was too large to
     *     be read, or was no JSON
     * @param text of deltas, joined; null if it is none
     * @param audio of all events; null if it is none
     */
    public record Said(
            long no,
            boolean fromClient,
            String type,
            Instant from,
            Instant to,
            int events,
            long bytes,
            @Nullable String json,
            @Nullable String text,
            @Nullable Audio audio) {
        /** What an entry takes beside its texts, roughly and rather more than less. */
        private static final int OWN_BYTES = 256;

        /** Bytes of memory that it takes, at most: two for each character. */
        long memory() {
            return OWN_BYTES + 2L * (type.length() + length(json) + length(text));
        }

        @Override
        public String toString() {
            return "Said[" + type + ", " + bytes + " bytes]";
        }

        private static int length(@Nullable String text) {
            return text == null ? 0 : text.length();
        }
    }

    /** Audio that was not kept: how much of it there was. */
    public record Audio(long bytes, long millis) {}
}
