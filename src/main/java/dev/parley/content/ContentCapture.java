package dev.parley.content;

import dev.parley.content.SessionContent.Audio;
import dev.parley.content.SessionContent.Said;
import dev.parley.protocol.EventType;
import io.vertx.core.buffer.Buffer;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what one session says, for as long as it is open: at most {@link #ENTRIES_MAX} entries and {@link #BYTES_MAX} bytes,
 * and less when the sessions beside it say more lately. The pieces of a text, or of audio, that follow each other are one
 * entry. Confined to the session's event loop.
 */
public final class ContentCapture {
    public static final int ENTRIES_MAX = 200;
    public static final int BYTES_MAX = 256 << 10;
    /** Characters of deltas that are joined. */
    static final int JOINED_MAX = 8_000;
    /** How far back an entry may be that goes on: audio and its transcript come by turns. */
    private static final int GOES_ON_WITHIN = 6;

    private final LoopContent loop;
    private final AudioRate rate;
    private final Deque<Kept> entries = new ArrayDeque<>();
    private long bytes;
    private long begun;
    private long dropped;
    private boolean closed;

    ContentCapture(LoopContent loop, AudioRate rate) {
        this.loop = loop;
        this.rate = rate;
    }

    /** An entry as it grows. */
    static final class Kept {
        private final ContentCapture owner;
        private final String of;
        private Said said;

        private Kept(ContentCapture owner, String of, Said said) {
            this.owner = owner;
            this.of = of;
            this.said = said;
        }

        long memory() {
            return said.memory();
        }

        /** Gives it up; it is the oldest of its session. */
        void drop() {
            owner.dropOldest();
        }
    }

    /**
     * An event.
     *
     * @param length of it in bytes
     * @param utf8 null if it was too large to be held
     */
    public void add(boolean fromClient, EventType type, long length, @Nullable Buffer utf8, Instant now) {
        if (closed) {
            return;
        }
        Excerpt excerpt = Excerpt.of(type, length, utf8);
        Audio audio = excerpt.audioBytes() < 0 ? null : audio(fromClient, excerpt.audioBytes());
        Kept before = excerpt.isPiece() ? goingOn(fromClient, excerpt) : null;
        if (before == null) {
            begin(fromClient, excerpt, audio, length, now);
        } else {
            goOn(before, excerpt, audio, length, now);
        }
    }

    /** What is kept now. */
    public SessionContent snapshot() {
        return new SessionContent(entries.stream().map(kept -> kept.said).toList(), dropped);
    }

    /** Gives up what is kept, and keeps nothing more. */
    public void close() {
        closed = true;
        entries.forEach(loop::remove);
        entries.clear();
        bytes = 0;
    }

    private Audio audio(boolean fromClient, long decoded) {
        return new Audio(decoded, decoded / Math.max(1, rate.bytesPerMilli(fromClient)));
    }

    private @Nullable Kept goingOn(boolean fromClient, Excerpt piece) {
        Iterator<Kept> newestFirst = entries.descendingIterator();
        for (int i = 0; i < GOES_ON_WITHIN && newestFirst.hasNext(); i++) {
            Kept kept = newestFirst.next();
            if (kept.said.fromClient() != fromClient) {
                continue;
            }
            if (kept.said.text() == null && kept.said.audio() == null) {
                return null; // something else has been said since
            }
            if (kept.said.type().equals(piece.type()) && kept.of.equals(piece.of())) {
                return kept;
            }
        }
        return null;
    }

    private void begin(boolean fromClient, Excerpt excerpt, @Nullable Audio audio, long length, Instant now) {
        String text = excerpt.text() == null ? null : Excerpt.beginning(excerpt.text(), JOINED_MAX);
        begun++;
        Said said = new Said(begun, fromClient, excerpt.type(), now, now, 1, length, excerpt.json(), text, audio);
        Kept kept = new Kept(this, excerpt.of(), said);
        entries.addLast(kept);
        bytes += kept.memory();
        loop.add(kept);
        if (entries.size() > ENTRIES_MAX) {
            dropOldest();
        }
        keepWithin();
    }

    private void goOn(Kept kept, Excerpt piece, @Nullable Audio audio, long length, Instant now) {
        Said said = kept.said;
        long before = kept.memory();
        kept.said = new Said(
                said.no(),
                said.fromClient(),
                said.type(),
                said.from(),
                now,
                said.events() + 1,
                said.bytes() + length,
                said.json(),
                joined(said.text(), piece.text()),
                sum(said.audio(), audio));
        bytes += kept.memory() - before;
        loop.grew(kept.memory() - before);
        keepWithin();
    }

    private void keepWithin() {
        while (bytes > BYTES_MAX) {
            dropOldest();
        }
        loop.keepWithin();
    }

    private void dropOldest() {
        Kept oldest = entries.removeFirst();
        bytes -= oldest.memory();
        dropped += oldest.said.events();
        loop.remove(oldest);
    }

    private static @Nullable String joined(@Nullable String text, @Nullable String more) {
        if (text == null || more == null || text.length() > JOINED_MAX) {
            return text; // its end is marked already
        }
        return Excerpt.beginning(text + more, JOINED_MAX);
    }

    private static @Nullable Audio sum(@Nullable Audio one, @Nullable Audio other) {
        return one == null || other == null
                ? one
                : new Audio(one.bytes() + other.bytes(), one.millis() + other.millis());
    }
}
