package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.domain.NanoUsd;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.quota.SessionPermit.WorstCase;

/**
 * What a response of one session can cost at most. Pure.
 *
 * @param limit the most that one response may put out
 * @param outputTokensMin the floor below which it is not lowered
 */
public record ResponsePrice(PricedModel model, OutputLimit limit, int outputTokensMin) {
    public int outputTokensMax() {
        return limit.now();
    }

    /** What a response is not lowered under. */
    int outputTokensLeast() {
        return Math.min(outputTokensMin, outputTokensMax());
    }

    public WorstCase worstCase(InputTokens input, int outputTokens, boolean textOnly) {
        return new WorstCase(
                input(input),
                perOutputToken(textOnly),
                outputTokens,
                Math.min(outputTokens, outputTokensMin),
                inputTokens(input),
                1,
                0);
    }

    /** A response with this much input and output, both at most, that nobody can lower. */
    WorstCase whole(InputTokens input, int outputTokens, boolean textOnly) {
        return new WorstCase(
                input(input).plus(perOutputToken(textOnly).times(outputTokens)),
                NanoUsd.ZERO,
                0,
                0,
                inputTokens(input) + outputTokens,
                1,
                0);
    }

    /** Whether the provider says that a response may put out more than was ever allowed. */
    public boolean isUnbounded(JsonNode response) {
        JsonNode limit = response.path("max_output_tokens");
        return "inf".equals(limit.textValue()) || (limit.isNumber() && limit.asDouble() > this.limit.ever());
    }

    private NanoUsd input(InputTokens input) {
        return input.costAtMost(model.rates(), model.contextTokensMax());
    }

    private long inputTokens(InputTokens input) {
        return Math.min(input.text() + input.audio() + input.image(), model.contextTokensMax());
    }

    private NanoUsd perOutputToken(boolean textOnly) {
        return new NanoUsd(textOnly ? model.rates().textOut() : model.rates().dearestOut());
    }
}
