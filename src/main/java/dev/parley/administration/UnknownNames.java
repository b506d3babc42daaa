package dev.parley.administration;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Tries with names that nobody has: they are locked as those of administrators are, or the lock would tell the two apart. Of
 * the names that were tried last, and in this process only. Thread-safe.
 */
final class UnknownNames {
    private static final int NAMES_MAX = 10_000;

    private final Map<String, Tries> tries = new LinkedHashMap<>(16, 0.75f, true);

    /**
     * Counts a try, unless the name is locked.
     *
     * @param lock until when to lock after so many tries; null for not at all
     * @return until when the name is locked; null if the try counts
     */
    synchronized @Nullable Instant count(String name, Instant now, IntFunction<@Nullable Instant> lock) {
        Tries before = tries.getOrDefault(name, Tries.NONE);
        Instant lockedUntil = before.lockedUntil();
        if (lockedUntil != null && lockedUntil.isAfter(now)) {
            return lockedUntil;
        }
        tries.put(name, new Tries(before.made() + 1, lock.apply(before.made() + 1)));
        if (tries.size() > NAMES_MAX) {
            tries.remove(tries.keySet().iterator().next());
        }
        return null;
    }

    private record Tries(int made, @Nullable Instant lockedUntil) {
        static final Tries NONE = new Tries(0, null);
    }
}
