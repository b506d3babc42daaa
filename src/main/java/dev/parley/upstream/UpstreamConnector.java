package dev.parley.upstream;

import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.relay.Leg;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * Hands out upstream sessions: connected, {@code session.created} received and held back, never used by anyone. The pool
 * of issue "warm, fair, resumable" stands behind the same interface. Used on an event loop; the leg lives on that loop.
 */
public interface UpstreamConnector {
    /** Never fails: a connection that cannot be had is a {@link Outcome.Unavailable}. Has a deadline of its own. */
    Future<Outcome> acquire(Target target);

    /** Which kind of upstream session. {@code model} is null for a transcription session. */
    record Target(@Nullable ModelName model) {}

    /** What came of it. */
    sealed interface Outcome {
        /** An upstream session of one's own; the caller starts judging its leg and destroys it when done. */
        record Connected(UpstreamSession session) implements Outcome {}

        /**
         * None can be had.
         *
         * @param upstreamCode the provider's error code or close code, for operators
         */
        record Unavailable(Refusal refusal, String upstreamCode) implements Outcome {}
    }

    /**
     * A fresh upstream session.
     *
     * @param account the upstream account's name
     * @param id the provider's {@code sess_…}, if it gave one
     * @param created the provider's {@code session.created}, byte for byte
     * @param ended to be run once, when the leg has ended: its place in the cap is free again
     */
    record UpstreamSession(
            Leg leg, String account, @Nullable String id, Buffer created, Runnable ended) {}
}
