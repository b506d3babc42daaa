package dev.parley.content;

import dev.parley.content.ContentCapture.Kept;
import java.util.LinkedHashSet;
import java.util.Set;

/** What the sessions of one event loop keep together: beyond its bound the oldest goes, whosever it is. On its event loop. */
final class LoopContent {
    private final long bytesMax;
    private final Set<Kept> oldestFirst = new LinkedHashSet<>();
    private long bytes;

    LoopContent(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    void add(Kept kept) {
        oldestFirst.add(kept);
        bytes += kept.memory();
    }

    void grew(long more) {
        bytes += more;
    }

    /** It was added, and has grown no further than was told. */
    void remove(Kept kept) {
        if (oldestFirst.remove(kept)) {
            bytes -= kept.memory();
        }
    }

    void keepWithin() {
        while (bytes > bytesMax) {
            oldestFirst.iterator().next().drop();
        }
    }

    long bytes() {
        return bytes;
    }
}
