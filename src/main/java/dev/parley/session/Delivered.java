package dev.parley.session;

import dev.parley.domain.TokenUsage;

/** What was delivered of a response so far, for an estimate of its usage when the provider never tells. */
public final class Delivered {
    /** Bytes of a delta event beside the delta itself: type, five ids and indexes. */
    private static final int ENVELOPE_BYTES = 200;

    private static final long AUDIO_MILLIS_PER_TOKEN = 50;
    private static final int CHARS_PER_TOKEN = 4;

    private long audioBytes;
    private long textChars;

    /** A delta of so many bytes, with all that is around it. */
    public void add(long messageBytes, boolean audio) {
        long content = Math.max(CHARS_PER_TOKEN, messageBytes - ENVELOPE_BYTES);
        if (audio) {
            audioBytes += content * 3 / 4;
        } else {
            textChars += content;
        }
    }

    /**
     * What it has used as far as anyone can tell: protocol.md §3.3, upstream lost.
     *
     * @param in what it reads, at most
     */
    public TokenUsage estimate(InputTokens in, long contextTokensMax, int audioBytesPerMilli) {
        long audioOut = Math.ceilDiv(audioBytes / audioBytesPerMilli, AUDIO_MILLIS_PER_TOKEN);
        long textOut = Math.ceilDiv(textChars, CHARS_PER_TOKEN);
        long audioIn = Math.min(in.audio(), contextTokensMax);
        long imageIn = Math.min(in.image(), contextTokensMax - audioIn);
        long textIn = Math.min(in.text(), contextTokensMax - audioIn - imageIn);
        return new TokenUsage(textIn, audioIn, imageIn, 0, 0, 0, textOut, audioOut, 0);
    }
}
