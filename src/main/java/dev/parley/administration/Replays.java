package dev.parley.administration;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Answers to requests that carry an idempotency key. Blocks; part of the transaction around it. */
public interface Replays {
    /**
     * Takes the key for this request, or finds what it was answered before; waits while the same request is under way.
     *
     * @param request a digest of the whole request
     */
    Optional<Replay> claim(String actor, String key, byte[] request);

    /** @param answer null when it holds a secret */
    void keep(String actor, String key, int status, @Nullable String answer);

    /**
     * @param sameRequest false when the key belongs to another request
     * @param answer null when it held a secret
     */
    record Replay(boolean sameRequest, int status, @Nullable String answer) {}
}
