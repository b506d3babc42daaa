package dev.parley.pool;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The upstream sessions of one model that may soon be had: connecting, or being asked for a sign of life. One event loop. */
final class UnderWay {
    private final Set<PooledSession> sessions = new LinkedHashSet<>();

    void add(PooledSession session) {
        sessions.add(session);
    }

    void remove(PooledSession session) {
        sessions.remove(session);
        session.noLongerSlow();
    }

    boolean isEmpty() {
        return sessions.isEmpty();
    }

    List<PooledSession> all() {
        return List.copyOf(sessions);
    }

    /** Notes those that take longer than they should; true if there are new ones. */
    boolean noteSlow(long now, long slowAfter) {
        boolean news = false;
        for (PooledSession session : sessions) {
            news |= now - session.since() >= slowAfter && session.becomesSlow();
        }
        return news;
    }

    /**
     * How many are counted on: one that takes longer than it should is backed by another, and both together count as one,
     * so that slowness at most doubles the connections.
     */
    int countedOn() {
        int slow = 0;
        for (PooledSession session : sessions) {
            slow += session.isSlow() ? 1 : 0;
        }
        return sessions.size() - slow + slow / 2;
    }

    /** Those that are being asked for a sign of life, and may still give it soon. */
    int checking() {
        int checking = 0;
        for (PooledSession session : sessions) {
            checking += session.state() == PooledSession.State.CHECKING && !session.isSlow() ? 1 : 0;
        }
        return checking;
    }
}
