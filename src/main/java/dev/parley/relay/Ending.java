package dev.parley.relay;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How far one leg's end has come. The first reason counts. One event loop. */
final class Ending {
    private @Nullable LegEnd how;
    private boolean told;
    private boolean closeWritten;
    private boolean closeHeard;
    private boolean limited;
    private long deadline;

    /** Whether it has not begun. */
    boolean isOpen() {
        return how == null;
    }

    @Nullable
    LegEnd how() {
        return how;
    }

    /** Begins it, unless it has begun; true if it did. */
    boolean begin(LegEnd reason) {
        if (how != null) {
            return false;
        }
        how = reason;
        return true;
    }

    /** The reason to tell the gate, once; null if it was told, or there is none yet. */
    @Nullable
    LegEnd untold() {
        LegEnd news = told ? null : how;
        told |= news != null;
        return news;
    }

    /** Our close frame is out; true if both are. */
    boolean written() {
        closeWritten = true;
        return closeHeard;
    }

    /** The peer's close frame is here; true if both are. */
    boolean heard() {
        closeHeard = true;
        return closeWritten;
    }

    /** Sets how long the rest may take, once. */
    void limit(long now, Duration timeout) {
        if (!limited) {
            limited = true;
            deadline = now + timeout.toNanos();
        }
    }

    boolean isOverdue(long now) {
        return limited && now - deadline >= 0;
    }
}
