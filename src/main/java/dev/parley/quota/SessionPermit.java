package dev.parley.quota;

import dev.parley.domain.NanoUsd;
import dev.parley.domain.Refusal;
import dev.parley.tenancy.Tenant;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A session's right to be, and the place where its responses reserve money. Used on the session's event loop; the
 * decisions touch no database on the hot path.
 */
public interface SessionPermit {
    /**
     * Sets the worst case of a response aside. If the whole of it cannot be paid, the output is lowered to what can, but
     * not under the floor: then it is refused.
     *
     * @return most often already completed; at worst it waits for a round with the database, with a deadline of its own
     */
    Future<ReserveDecision> reserve(WorstCase worstCase);

    /**
     * Counts audio that the client sends, before it goes on; why it may not, or empty.
     *
     * @return most often already completed
     */
    Future<Optional<Refusal>> countAudio(long millis);

    /** Whether audio is counted at all. */
    boolean countsAudio();

    /** The tenant's settings are these now. */
    void hear(Tenant tenant);

    /** How the limits of each minute stand, as far as this node knows; the tenant's before the subject's. */
    List<RateLimit> rateLimits();

    /** What the session's open reservations hold now. Callable from any thread. */
    NanoUsd reserved();

    /** Gives the session's place back; open reservations stay until they are settled or released. Idempotent. */
    void release();

    /**
     * What a piece of work can use at most.
     *
     * @param fixed what the input costs
     * @param perOutputToken the dearest output token that can occur; zero for work without output tokens
     * @param outputTokensMax what was asked for
     * @param outputTokensMin the floor for lowering it
     * @param inputTokens counted by limits on tokens, beside the output
     * @param responses 1 for a response, 0 for other work
     * @param audioMillis counted by limits on audio
     */
    record WorstCase(
            NanoUsd fixed,
            NanoUsd perOutputToken,
            int outputTokensMax,
            int outputTokensMin,
            long inputTokens,
            int responses,
            long audioMillis) {
        public WorstCase {
            if (fixed.isNegative() || perOutputToken.isNegative()) {
                throw new IllegalArgumentException("a worst case with a negative price");
            }
        }

        /** Work that has one price whatever it puts out, such as a transcription of known length. */
        public static WorstCase ofFixed(NanoUsd cost, long tokens) {
            return new WorstCase(cost, NanoUsd.ZERO, 0, 0, tokens, 0, 0);
        }

        /** The same with no more output than this. */
        WorstCase atMost(int outputTokens) {
            return outputTokens >= outputTokensMax
                    ? this
                    : new WorstCase(
                            fixed, perOutputToken, outputTokens, outputTokensMin, inputTokens, responses, audioMillis);
        }

        public NanoUsd total(int outputTokens) {
            return fixed.plus(perOutputToken.times(outputTokens));
        }

        /** What this much output needs. */
        Need need(int outputTokens) {
            return new Need(
                    total(outputTokens).value(), Math.addExact(inputTokens, outputTokens), responses, 0, audioMillis);
        }
    }

    /**
     * A limit of each minute, as it stands.
     *
     * @param unit {@link Unit#RESPONSES} or {@link Unit#TOKENS}
     * @param remaining not less than zero
     * @param resets until it renews
     */
    record RateLimit(Unit unit, long limit, long remaining, Duration resets) {}

    /** Whether the response may start, and with how much output. */
    sealed interface ReserveDecision {
        record Reserved(Reservation reservation, int outputTokensMax) implements ReserveDecision {}

        record Refused(Refusal refusal) implements ReserveDecision {}
    }
}
