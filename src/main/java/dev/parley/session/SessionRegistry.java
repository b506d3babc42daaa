package dev.parley.session;

import dev.parley.content.ContentMemory;
import dev.parley.content.SessionContent;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.domain.SessionId;
import dev.parley.domain.TenantId;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** The live sessions of this node. Thread-safe. */
public final class SessionRegistry {
    private static final Duration RETRY_SOON = Duration.ofSeconds(2);
    /** What the other nodes can take of those that connect again. */
    private static final int CLOSES_PER_SECOND = 500;

    private final int sessionsMax;
    private final ContentMemory content;
    private final Map<SessionId, LiveSession> sessions = new ConcurrentHashMap<>();
    /** Those that can be resumed, by the id that their clients know from {@code session.created}. */
    private final Map<String, LiveSession> known = new ConcurrentHashMap<>();

    private final EndedSessions ended = new EndedSessions();

    private volatile BiConsumer<SessionId, String> toldOfKnown = (_, _) -> {};
    private volatile @Nullable Drain drain;
    private volatile SessionTimeline.Listener turns = (_, _) -> {};

    /** @param content of its sessions */
    public SessionRegistry(int sessionsMax, ContentMemory content) {
        this.sessionsMax = sessionsMax;
        this.content = content;
    }

    /** Why no session may start now, or empty if one may. */
    public Optional<Refusal> refusal() {
        if (drain != null) {
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

    /** Those among them that wait for their client. */
    public long parked() {
        return sessions.values().stream().filter(LiveSession::isParked).count();
    }

    public List<SessionSnapshot> snapshots() {
        return sessions.values().stream().map(LiveSession::snapshot).toList();
    }

    /**
     * Refuses new sessions, ends each live one when its running responses are done, and completes when none is left. The
     * sessions end one after the other, {@link #CLOSES_PER_SECOND} at most, and until its turn each goes on as before. When
     * {@code deadline} has passed, what still runs is cancelled and settled. Idempotent.
     */
    public Future<Void> drain(Duration deadline) {
        Drain mine;
        synchronized (this) {
            Drain running = drain;
            if (running != null) {
                return running.done().future();
            }
            mine = new Drain(Promise.promise(), System.nanoTime() + deadline.toNanos());
            drain = mine;
        }
        endAll(deadline);
        if (sessions.isEmpty()) {
            mine.done().tryComplete();
        }
        return mine.done().future();
    }

    /** Whether {@link #drain} was called. */
    public boolean draining() {
        return drain != null;
    }

    /** Ends the sessions that live now as a drain does; new ones may start. */
    public void endAll(Duration deadline) {
        Collection<LiveSession> all = List.copyOf(sessions.values());
        long spread = Math.min(deadline.toMillis() / 2, all.size() * 1_000L / CLOSES_PER_SECOND);
        int number = 0;
        for (LiveSession session : all) {
            session.drain(Duration.ofMillis(spread * number / all.size()), deadline);
            number++;
        }
    }

    /**
     * Ends one session, cancelling what runs; the client is told why.
     *
     * @return whether the session is one of this node's; completes when its end has begun
     */
    public Future<Boolean> end(SessionId id, Refusal why) {
        LiveSession session = sessions.get(id);
        return session == null
                ? Future.succeededFuture(false)
                : session.end(why).map(true);
    }

    /** @param listener hears of sessions that can be resumed, with the id that their clients know; must not block */
    public void tellOfKnown(BiConsumer<SessionId, String> listener) {
        toldOfKnown = listener;
    }

    /** A session of this node by the id in its {@code session.created}, or by the broker's own. */
    public Optional<LiveSession> find(String id) {
        LiveSession session = known.get(id);
        return Optional.ofNullable(session == null ? sessions.get(new SessionId(id)) : session);
    }

    /** How a session stands; empty if it is not one of this node's. */
    public Future<Optional<SessionDetail>> detail(SessionId id) {
        LiveSession session = sessions.get(id);
        return session == null
                ? Future.succeededFuture(Optional.empty())
                : session.detail().map(Optional::of);
    }

    /** What passed in a session of this node that has ended, if it is one of the last. */
    public Optional<SessionTimeline> ended(SessionId id) {
        return ended.find(id);
    }

    /** What has been said in a session of this node, live or ended not long ago; empty if it is neither. */
    public Future<Optional<SessionContent>> content(SessionId id) {
        LiveSession session = sessions.get(id);
        return session == null
                ? Future.succeededFuture(content.find(id))
                : session.content().map(Optional::of);
    }

    ContentMemory content() {
        return content;
    }

    /** Keeps for a while what was said in a session that has ended. */
    void keep(SessionId id, TenantId tenant, SessionContent said, Vertx vertx) {
        if (!said.isEmpty()) {
            content.keep(id, tenant, said);
            vertx.setTimer(ContentMemory.KEPT_AFTER_END.toMillis(), _ -> content.forget(id));
        }
    }

    /** Says who hears of the turns of all sessions; before the first one. */
    public void listenForTurns(SessionTimeline.Listener listener) {
        turns = listener;
    }

    void onTurn(SessionTimeline.Of session, SessionTimeline.Turn turn) {
        turns.onTurn(session, turn);
    }

    /** Has the tenant's sessions look at once whether they may still be. */
    public void recheck(Collection<TenantId> tenants) {
        content.forget(tenants);
        for (LiveSession session : sessions.values()) {
            if (tenants.contains(session.tenant())) {
                session.recheck();
            }
        }
    }

    public void add(LiveSession session) {
        sessions.put(session.id(), session);
        Drain running = drain;
        if (running != null) { // it was let in before the drain began
            session.drain(Duration.ZERO, Duration.ofNanos(Math.max(0, running.untilNanos() - System.nanoTime())));
        }
    }

    /** The session has the id by which its client may come back. */
    public void known(LiveSession session) {
        String id = session.knownAs();
        if (id != null) {
            known.put(id, session);
            toldOfKnown.accept(session.id(), id);
        }
    }

    /** All that the session held is given back. */
    public void remove(LiveSession session) {
        sessions.remove(session.id());
        session.detail().onSuccess(detail -> ended.keep(session.id(), detail.timeline()));
        String id = session.knownAs();
        if (id != null) {
            known.remove(id, session);
        }
        Drain running = drain;
        if (running != null && sessions.isEmpty()) {
            running.done().tryComplete();
        }
    }

    /** @param untilNanos when it cuts what still runs */
    private record Drain(Promise<Void> done, long untilNanos) {}
}
