package dev.parley.session;

import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.domain.SessionId;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The live sessions of this node. Thread-safe. */
public final class SessionRegistry {
    private static final Duration RETRY_SOON = Duration.ofSeconds(2);

    private final int sessionsMax;
    private final Map<SessionId, RealtimeSession> sessions = new ConcurrentHashMap<>();
    private volatile @Nullable Promise<Void> drained;

    public SessionRegistry(int sessionsMax) {
        this.sessionsMax = sessionsMax;
    }

    /** Why no session may start now, or empty if one may. */
    public Optional<Refusal> refusal() {
        if (drained != null) {
            return Optional.of(Refusal.of(
                            Kind.DRAINING,
                            "node_draining",
                            "This node is shutting down; connect again to reach another.")
                    .retryAfter(RETRY_SOON));
        }
        if (sessions.size() >= sessionsMax) {
            return Optional.of(Refusal.of(
                            Kind.OVERLOADED,
                            "node_sessions_exhausted",
                            "This node serves at most " + sessionsMax + " sessions at once.")
                    .retryAfter(RETRY_SOON));
        }
        return Optional.empty();
    }

    /** Sessions that have begun and whose last resource is not given back yet. */
    public int size() {
        return sessions.size();
    }

    public List<SessionSnapshot> snapshots() {
        return sessions.values().stream().map(RealtimeSession::snapshot).toList();
    }

    /**
     * Refuses new sessions, ends each live one when its running responses are done, and completes when none is left. When
     * {@code deadline} has passed, what still runs is cancelled and settled. Idempotent.
     */
    public Future<Void> drain(Duration deadline) {
        Promise<Void> promise;
        synchronized (this) {
            Promise<Void> running = drained;
            if (running != null) {
                return running.future();
            }
            promise = Promise.promise();
            drained = promise;
        }
        sessions.values().forEach(session -> session.drain(deadline));
        if (sessions.isEmpty()) {
            promise.tryComplete();
        }
        return promise.future();
    }

    void add(RealtimeSession session) {
        sessions.put(session.id(), session);
    }

    void remove(RealtimeSession session) {
        sessions.remove(session.id());
        Promise<Void> promise = drained;
        if (promise != null && sessions.isEmpty()) {
            promise.tryComplete();
        }
    }
}
