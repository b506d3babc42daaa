package dev.parley.session;

import dev.parley.domain.SessionId;
import java.util.LinkedHashMap;
import java.util.Optional;

/** What passed in the sessions of this node that ended last: for who asks why they did. At most {@link #KEPT_MAX}. Thread-safe. */
final class EndedSessions {
    /** Some two megabytes. */
    static final int KEPT_MAX = 256;

    private final LinkedHashMap<SessionId, SessionTimeline> timelines = new LinkedHashMap<>();

    synchronized void keep(SessionId id, SessionTimeline timeline) {
        timelines.put(id, timeline);
        if (timelines.size() > KEPT_MAX) {
            timelines.pollFirstEntry();
        }
    }

    synchronized Optional<SessionTimeline> find(SessionId id) {
        return Optional.ofNullable(timelines.get(id));
    }
}
