package dev.parley.session;

import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Counts the audio that the client appends, and knows how much of it lies in the provider's buffer. With voice activity
 * detection the provider keeps what is spoken and lets silence go.
 */
public final class AudioMeter {
    private static final long NANOS = 1_000;

    /** Without speech the provider keeps little more than its prefix padding; the rest is for news that are under way. */
    private static final long SILENT_MILLIS_MAX = 30_000;

    private static final long TOKENS_PER_SECOND_MAX = 11;
    private static final long MICROS = 1_000;
    /** No call lasts longer. */
    private static final long LONGEST_MILLIS = 86_400_000;

    /** Of a call: its audio comes by itself, as fast as time passes. Null where the client appends it. */
    private final @Nullable LongSupplier nanos;

    private long lookedNanos;
    private long appendedMicros;
    private long bufferStartMillis;
    private long speechEndMillis;
    private boolean speaking;
    private boolean spoken;

    /** Of audio that a client appends. */
    AudioMeter() {
        nanos = null;
    }

    private AudioMeter(LongSupplier nanos) {
        this.nanos = nanos;
        this.lookedNanos = nanos.getAsLong();
    }

    /** Of a call, by this monotonic clock. The provider's own clock of its audio may be ahead: it is followed. */
    static AudioMeter ofCall(LongSupplier nanos) {
        return new AudioMeter(nanos);
    }

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
        LongSupplier clock = nanos;
        if (clock != null) {
            long now = clock.getAsLong();
            appendedMicros += (now - lookedNanos) / NANOS;
            lookedNanos = now;
        }
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
        follow(startMillis);
        bufferStartMillis = Math.clamp(startMillis, 0, appendedMillis());
    }

    void speechStopped(long endMillis) {
        speaking = false;
        spoken = true;
        follow(endMillis);
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

    private void follow(long toldMillis) {
        if (nanos != null && toldMillis > appendedMillis() && toldMillis < LONGEST_MILLIS) {
            appendedMicros = toldMillis * MICROS;
        }
    }

    /** An item made of audio. */
    record Committed(long millis, boolean byVoiceActivity) {}
}
