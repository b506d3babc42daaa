package dev.parley.server;

import java.util.Set;

/**
 * Where a broker is in its life. {@code STOPPED} can be reached from everywhere but the beginning, because a start can fail
 * in the middle.
 *
 * <pre>
 * NEW ─▶ STARTING ─▶ STARTED ─▶ DRAINING ─▶ STOPPED
 *            └────────────────────────────────▲
 * </pre>
 */
enum Lifecycle {
    NEW,
    STARTING,
    STARTED,
    DRAINING,
    STOPPED;

    boolean canBecome(Lifecycle next) {
        return switch (this) {
            case NEW -> next == STARTING;
            case STARTING -> Set.of(STARTED, STOPPED).contains(next);
            case STARTED -> next == DRAINING;
            case DRAINING -> next == STOPPED;
            case STOPPED -> false;
        };
    }
}
