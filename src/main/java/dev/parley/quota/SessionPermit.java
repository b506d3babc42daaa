package dev.parley.quota;

import dev.parley.domain.NanoUsd;
import dev.parley.domain.Refusal;
import io.vertx.core.Future;

/**
 * A session's right to be, and the place where its responses reserve money. Used on the session's event loop; the
 * decisions touch no database on the hot path.
 */
public interface SessionPermit {
    /**
     * Sets the worst case of a response aside. If the whole of it cannot be paid, the output is lowered to what can, but
     * not under the floor: then it is refused.
     *
     * @return most often already completed; at worst it waits for one database round trip, with a deadline of its own
     */
    Future<ReserveDecision> reserve(WorstCase worstCase);

    /** Gives the session's place back; open reservations stay until they are settled or released. Idempotent. */
    void release();

    /**
     * What a response can cost at most.
     *
     * @param fixed what the input costs
     * @param perOutputToken the dearest output token that can occur; zero for work without output tokens
     * @param outputTokensMax what was asked for
     * @param outputTokensMin the floor for lowering it
     */
    record WorstCase(NanoUsd fixed, NanoUsd perOutputToken, int outputTokensMax, int outputTokensMin) {
        /** Work that has one price whatever it puts out, such as a transcription of known length. */
        public static WorstCase ofFixed(NanoUsd cost) {
            return new WorstCase(cost, NanoUsd.ZERO, 0, 0);
        }

        public NanoUsd total(int outputTokens) {
            return fixed.plus(perOutputToken.times(outputTokens));
        }
    }

    /** Whether the response may start, and with how much output. */
    sealed interface ReserveDecision {
        record Reserved(Reservation reservation, int outputTokensMax) implements ReserveDecision {}

        record Refused(Refusal refusal) implements ReserveDecision {}
    }
}
