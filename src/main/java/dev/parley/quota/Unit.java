package dev.parley.quota;

/** What a limit counts. */
public enum Unit {
    /** Nano-dollars. */
    MONEY,
    /** Input and output tokens together, cached ones included. */
    TOKENS,
    RESPONSES,
    SESSION_STARTS,
    AUDIO_MILLIS;

    /** Whether the ledger's rows say how much was used; then grants are settled in the transaction that writes the row. */
    public boolean ledgered() {
        return this == MONEY || this == TOKENS;
    }
}
