package dev.parley.content;

import dev.parley.domain.SessionId;
import dev.parley.domain.TenantId;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What one node keeps of what is said in its sessions, nowhere but in its memory: {@link #LIVE_BYTES_MAX} of live sessions,
 * in equal parts for its event loops, so that they share nothing, and {@link #ENDED_BYTES_MAX} of sessions that have ended.
 * Thread-safe.
 */
public final class ContentMemory {
    public static final long LIVE_BYTES_MAX = 24 << 20;
    public static final long ENDED_BYTES_MAX = 8 << 20;
    /** Sessions that have ended. */
    public static final int ENDED_MAX = 256;
    /** How long what was said is kept after the end of its session. */
    public static final Duration KEPT_AFTER_END = Duration.ofMinutes(10);

    private final long loopBytesMax;
    private final Map<Thread, LoopContent> loops = new ConcurrentHashMap<>();
    private final LinkedHashMap<SessionId, Ended> ended = new LinkedHashMap<>();
    private long endedBytes;

    private record Ended(TenantId tenant, SessionContent content) {}

    /** @param eventLoops that have sessions */
    public ContentMemory(int eventLoops) {
        this.loopBytesMax = LIVE_BYTES_MAX / eventLoops;
    }

    /** Begins to keep what a session says. On its event loop. */
    public ContentCapture open(AudioRate rate) {
        return new ContentCapture(
                loops.computeIfAbsent(Thread.currentThread(), _ -> new LoopContent(loopBytesMax)), rate);
    }

    /** Keeps what was said in a session that has ended, until it is forgotten or others need the room. */
    public synchronized void keep(SessionId session, TenantId tenant, SessionContent content) {
        forget(session);
        ended.put(session, new Ended(tenant, content));
        endedBytes += content.memory();
        while (ended.size() > ENDED_MAX || endedBytes > ENDED_BYTES_MAX) {
            endedBytes -= ended.pollFirstEntry().getValue().content().memory();
        }
    }

    /** What was said in a session that has ended. */
    public synchronized Optional<SessionContent> find(SessionId session) {
        return Optional.ofNullable(ended.get(session)).map(Ended::content);
    }

    public synchronized void forget(SessionId session) {
        Ended forgotten = ended.remove(session);
        if (forgotten != null) {
            endedBytes -= forgotten.content().memory();
        }
    }

    /** Forgets the sessions of tenants that have ended: what is allowed may have changed. */
    public synchronized void forget(Collection<TenantId> tenants) {
        ended.values().removeIf(one -> {
            boolean theirs = tenants.contains(one.tenant());
            endedBytes -= theirs ? one.content().memory() : 0;
            return theirs;
        });
    }
}
