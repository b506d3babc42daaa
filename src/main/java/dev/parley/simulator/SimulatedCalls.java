package dev.parley.simulator;

import io.vertx.core.Future;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The calls of one simulator: those that last, and how the last {@link #ENDINGS_MAX} others have ended. Safe on any thread. */
public final class SimulatedCalls {
    static final int ENDINGS_MAX = 1_000;

    private final Map<String, SimulatedCall> calls = new ConcurrentHashMap<>();
    private final Map<String, String> endings = Collections.synchronizedMap(new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, String> eldest) {
            return size() > ENDINGS_MAX;
        }
    });

    SimulatedCalls() {}

    /** Their ids. */
    public Set<String> live() {
        return Set.copyOf(calls.keySet());
    }

    /** The ids of those that have ended of late. */
    public Set<String> ended() {
        synchronized (endings) {
            return Set.copyOf(endings.keySet());
        }
    }

    /** Who ended a call: {@code caller}, {@code hangup}, {@code reject} or {@code refer}; null while it lasts. */
    public @Nullable String endedBy(String id) {
        return endings.get(id);
    }

    /** The caller says something, and waits for an answer. */
    public void speak(String id) {
        find(id).ifPresent(SimulatedCall::speak);
    }

    /** The caller hangs up. */
    public Future<Void> hangUp(String id) {
        return find(id).map(call -> call.end("caller")).orElseGet(Future::succeededFuture);
    }

    /** The sideband connections are lost; the call goes on. */
    public void dropSidebands(String id) {
        find(id).ifPresent(SimulatedCall::dropSidebands);
    }

    Optional<SimulatedCall> find(String id) {
        return Optional.ofNullable(calls.get(id));
    }

    void add(SimulatedCall call) {
        calls.put(call.id(), call);
    }

    void ended(SimulatedCall call, String by) {
        calls.remove(call.id());
        endings.put(call.id(), by);
    }
}
