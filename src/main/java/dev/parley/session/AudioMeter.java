package dev.parley.session;

/**
 * Counts the audio that the client appends, and knows how much of it lies in the provider's buffer. With voice activity
 * detection the provider keeps what is spoken and lets silence go.
 */
public final class AudioMeter {
    /** Without speech the provider keeps little more than its prefix padding; the rest is for news that are under way. */
    private static final long SILENT_MILLIS_MAX = 30_000;

    private static final long TOKENS_PER_SECOND_MAX = 11;
    private static final long MICROS = 1_000;

    private long appendedMicros;
    private long bufferStartMillis;
    private long speechEndMillis;
    private boolean speaking;
    private boolean spoken;

    /** Input tokens of this much audio, at most. */
    public static long tokens(long millis) {
        return Math.ceilDiv(millis * TOKENS_PER_SECOND_MAX, 1_000);
    }

    /** The milliseconds in a message that appends; its other members are counted as audio too. */
    public static long millisAtMost(long messageBytes, int bytesPerMilli) {
        return Math.ceilDiv(messageBytes * 3 / 4, bytesPerMilli);
    }

    void appended(long messageBytes, int bytesPerMilli) {
        appendedMicros += messageBytes * 3 / 4 * MICROS / bytesPerMilli;
    }

    long appendedMillis() {
        return appendedMicros / MICROS;
    }

    /** What a commit could turn into an item now. */
    long pendingMillis(boolean voiceActivity) {
        long pending = Math.max(0, appendedMillis() - bufferStartMillis);
        return voiceActivity && !speaking ? Math.min(pending, SILENT_MILLIS_MAX) : pending;
    }

    /** Whether nobody speaks, and nothing that was said waits to become an item. */
    boolean isQuiet(boolean voiceActivity) {
        return !speaking && !spoken && (voiceActivity || appendedMillis() <= bufferStartMillis);
    }

    void speechStarted(long startMillis) {
        speaking = true;
        bufferStartMillis = Math.clamp(startMillis, 0, appendedMillis());
    }

    void speechStopped(long endMillis) {
        speaking = false;
        spoken = true;
        speechEndMillis = Math.clamp(endMillis, bufferStartMillis, Math.max(bufferStartMillis, appendedMillis()));
    }

    /** The provider has made an item of the buffer: how long it is, and whether voice activity ended it. */
    Committed committed() {
        long end = spoken ? speechEndMillis : appendedMillis();
        Committed item = new Committed(Math.max(0, end - bufferStartMillis), spoken);
        bufferStartMillis = end;
        spoken = false;
        speaking = false;
        return item;
    }

    void cleared() {
        bufferStartMillis = appendedMillis();
        spoken = false;
        speaking = false;
    }

    /** An item made of audio. */
    record Committed(long millis, boolean byVoiceActivity) {}
}
