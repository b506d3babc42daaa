package dev.parley.config;

import java.time.Duration;
import java.util.Set;

/**
 * How upstream sessions are kept and handed out; the limit table in {@code src/docs/operations.md} says what happens at
 * each bound.
 *
 * @param warmMin kept warm at least, on each event loop, of each model that was asked for lately
 * @param warmMax kept warm at most, there; 0 connects on demand only
 * @param warmModels kept warm from the start and for ever
 * @param warmLifetime after which a warm session is replaced, less up to a tenth
 * @param forgetAfter a model that nobody has asked for this long is not kept warm
 * @param connectsMax connections to one account being opened at once, of this node
 * @param acquireTimeout how long a session waits for its upstream
 * @param checkAfter a warm session that was silent for longer is pinged before it is handed out
 * @param checkTimeout for the answer to that ping
 * @param tenantSessionsMax upstream sessions of one tenant at once, of this node
 * @param tenantWaitingMax sessions of one tenant that wait, on one event loop
 * @param reservePercent of an account's places, which only those get that have waited
 * @param reserveAfter how long they have to have waited
 */
public record PoolConfig(
        int warmMin,
        int warmMax,
        Set<String> warmModels,
        Duration warmLifetime,
        Duration forgetAfter,
        int connectsMax,
        Duration acquireTimeout,
        Duration checkAfter,
        Duration checkTimeout,
        int tenantSessionsMax,
        int tenantWaitingMax,
        int reservePercent,
        Duration reserveAfter) {
    public PoolConfig {
        warmModels = Set.copyOf(warmModels);
    }
}
