package dev.parley.session;

import dev.parley.domain.TokenUsage;

/**
 * Keeps an upper bound of what the next response of the default conversation will read. Each settled response says what
 * the conversation holds by then; what the client adds is counted on top until the next one says more.
 */
final class ContextMeter {
    private InputTokens settled = InputTokens.NONE;
    private InputTokens settledMark = InputTokens.NONE;
    /** Only grows; a mark in it tells what was added since. */
    private InputTokens added = InputTokens.NONE;

    void add(InputTokens tokens) {
        added = added.plus(tokens);
    }

    /** Names this moment for {@link #settle}. */
    InputTokens mark() {
        return added;
    }

    /** The moment of the last settled response: the latest one that is surely before a response nobody announced. */
    InputTokens settledMark() {
        return settledMark;
    }

    InputTokens bound() {
        return settled.plus(added.minus(settledMark));
    }

    /**
     * A response of the default conversation was billed for what it read.
     *
     * @param mark a moment not later than the start of the response
     */
    void settle(TokenUsage usage, InputTokens mark) {
        settled = InputTokens.after(usage);
        settledMark = mark;
    }
}
