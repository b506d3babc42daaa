package dev.parley.simulator;

import dev.parley.conversation.Tokens;

/** Counts what a response generates, up to its maximum of output tokens. Confined to the session's event loop. */
final class Meter {
    private final int tokensMax;
    private int textTokens;
    private long audioMillis;

    Meter(int tokensMax) {
        this.tokensMax = tokensMax;
    }

    /** Counts a text token, or returns false when there is no room for one. */
    boolean takeText() {
        return takeText(1) == 1;
    }

    /** Counts up to {@code tokens} text tokens and returns how many. */
    int takeText(int tokens) {
        int taken = Math.min(tokens, room());
        textTokens += taken;
        return taken;
    }

    /** Counts up to {@code millis} of audio and returns how much. */
    int takeAudio(int millis) {
        long most = (long) (tokensMax - textTokens) * Tokens.ASSISTANT_MILLIS - audioMillis;
        int taken = (int) Math.clamp(most, 0L, (long) millis);
        audioMillis += taken;
        return taken;
    }

    Tokens tokens() {
        return new Tokens(textTokens, Tokens.ofAssistantAudio(audioMillis), 0);
    }

    int audioMillis() {
        return Math.toIntExact(audioMillis);
    }

    private int room() {
        return tokensMax - tokens().total();
    }
}
