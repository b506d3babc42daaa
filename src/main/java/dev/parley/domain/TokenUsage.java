package dev.parley.domain;

/**
 * Tokens of one response or one transcription by class. As on the wire, the cached counts are part of the input counts of
 * the same modality, and reasoning tokens are part of {@code textOut}: neither is billed on top.
 */
public record TokenUsage(
        long textIn,
        long audioIn,
        long imageIn,
        long cachedText,
        long cachedAudio,
        long cachedImage,
        long textOut,
        long audioOut,
        long reasoningOut) {
    public static final TokenUsage NONE = new TokenUsage(0, 0, 0, 0, 0, 0, 0, 0, 0);

    public TokenUsage {
        if (textIn < 0 || audioIn < 0 || imageIn < 0 || textOut < 0 || audioOut < 0 || reasoningOut < 0) {
            throw new IllegalArgumentException("a token count is negative");
        }
        if (cachedText < 0 || cachedAudio < 0 || cachedImage < 0) {
            throw new IllegalArgumentException("a cached token count is negative");
        }
    }

    public long input() {
        return Math.addExact(Math.addExact(textIn, audioIn), imageIn);
    }

    public long output() {
        return Math.addExact(textOut, audioOut);
    }
}
