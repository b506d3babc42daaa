package dev.parley.session;

import dev.parley.domain.NanoUsd;
import dev.parley.domain.TokenUsage;
import dev.parley.ledger.PriceBook.PricedModel;

/** What a transcription of some length can cost. Pure. */
public final class TranscriptionPrice {
    /** Fast speech in a script that takes many tokens; three words a second in English are about four. */
    private static final long TEXT_TOKENS_PER_SECOND_MAX = 12;

    private static final long TEXT_TOKENS_PER_SECOND = 4;
    private static final long PROMPT_TOKENS_MAX = 1_000;

    private TranscriptionPrice() {}

    /** The most that {@code millis} of audio can cost. */
    public static NanoUsd atMost(long millis, PricedModel model) {
        if (model.rates().timeBilled()) {
            return model.cost(millis);
        }
        return model.cost(usage(millis, PROMPT_TOKENS_MAX, TEXT_TOKENS_PER_SECOND_MAX));
    }

    /** The most tokens that {@code millis} of audio can take; none of a model that is billed by time. */
    public static long tokensAtMost(long millis, PricedModel model) {
        TokenUsage most = usage(millis, PROMPT_TOKENS_MAX, TEXT_TOKENS_PER_SECOND_MAX);
        return model.rates().timeBilled() ? 0 : most.input() + most.output();
    }

    /** What {@code millis} of audio most likely use, where the provider does not say. */
    static TokenUsage typical(long millis) {
        return usage(millis, 0, TEXT_TOKENS_PER_SECOND);
    }

    private static TokenUsage usage(long millis, long textIn, long textPerSecond) {
        long textOut = Math.ceilDiv(millis * textPerSecond, 1_000);
        return new TokenUsage(textIn, AudioMeter.tokens(millis), 0, 0, 0, 0, textOut, 0, 0);
    }
}
