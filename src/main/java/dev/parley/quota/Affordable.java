package dev.parley.quota;

import dev.parley.quota.SessionPermit.WorstCase;
import org.jspecify.annotations.Nullable;

/** How much of a worst case a budget can pay: the output that fits, and the whole price of it in nano-dollars. */
record Affordable(long amount, int outputTokens) {

    /** The most output that {@code free} pays, between the floor and what was asked for; null if not even the floor fits. */
    static @Nullable Affordable of(WorstCase worstCase, long free) {
        if (worstCase.fixed().isNegative() || worstCase.perOutputToken().isNegative()) {
            throw new IllegalArgumentException("a worst case with a negative price: " + worstCase);
        }
        long forOutput = free - worstCase.fixed().value();
        if (free < 0 || forOutput < 0) {
            return null;
        }
        long perToken = worstCase.perOutputToken().value();
        int asked = worstCase.outputTokensMax();
        int tokens = perToken == 0 ? asked : (int) Math.min(asked, forOutput / perToken);
        if (tokens < Math.min(asked, worstCase.outputTokensMin())) {
            return null;
        }
        return new Affordable(worstCase.fixed().value() + tokens * perToken, tokens);
    }
}
