package dev.parley.ledger;

/** What a provider's report can tell of a model in a time. Tokens as in {@code TokenUsage}: cached ones are part of the input. */
public enum Figure {
    REQUESTS,
    TEXT_IN,
    CACHED_TEXT,
    AUDIO_IN,
    CACHED_AUDIO,
    IMAGE_IN,
    CACHED_IMAGE,
    TEXT_OUT,
    AUDIO_OUT,
    /** Milliseconds of audio. */
    MILLIS,
    /** In nano-dollars. */
    COST
}
