package dev.parley.conversation;

import java.util.Arrays;
import java.util.Locale;

/**
 * The input audio buffer. Positions are milliseconds of audio since the session began, whatever was dropped in between.
 * Confined to the session's event loop; bounded.
 */
public final class AudioBuffer {
    private static final int COMMIT_MILLIS_MIN = 100;

    private final int bytesMax;
    private byte[] bytes = new byte[0];
    private int length;
    /** Where {@link #bytes} starts, in bytes since the format was chosen. */
    private long startByte;
    /** Audio of earlier formats. */
    private long baseMillis;

    private AudioFormat format = AudioFormat.PCM;

    public AudioBuffer(int bytesMax) {
        this.bytesMax = bytesMax;
    }

    /** A new format drops what is buffered and keeps the clock. */
    public void format(AudioFormat other) {
        if (other != format) {
            baseMillis = endMillis();
            startByte = 0;
            length = 0;
            format = other;
        }
    }

    public AudioFormat format() {
        return format;
    }

    public void append(byte[] audio) {
        if ((long) length + audio.length > bytesMax) {
            throw ClientError.wrongValue(
                    "audio", "The input audio buffer is full: it holds at most " + bytesMax + " bytes.");
        }
        if (length + audio.length > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(length + audio.length, Math.min(2 * bytes.length, bytesMax)));
        }
        System.arraycopy(audio, 0, bytes, length, audio.length);
        length += audio.length;
    }

    public double bufferedMillis() {
        return (double) length / format.bytesPerMilli();
    }

    public long startMillis() {
        return baseMillis + startByte / format.bytesPerMilli();
    }

    public long endMillis() {
        return baseMillis + (startByte + length) / format.bytesPerMilli();
    }

    /** Cuts out what lies between the two positions, and drops all before. */
    public byte[] take(long fromMillis, long toMillis) {
        int from = indexOf(fromMillis);
        int to = Math.max(from, indexOf(toMillis));
        byte[] audio = Arrays.copyOfRange(bytes, from, to);
        dropIndex(to);
        return audio;
    }

    /** Everything that is buffered. */
    public byte[] takeAll() {
        byte[] audio = Arrays.copyOf(bytes, length);
        dropIndex(length);
        return audio;
    }

    /** Refuses a commit of less than 100 ms. */
    public void checkCommit() {
        double millis = bufferedMillis();
        if (millis < COMMIT_MILLIS_MIN) {
            throw new ClientError(
                    "input_audio_buffer_commit_empty",
                    String.format(
                            Locale.ROOT,
                            "Error committing input audio buffer: buffer too small. Expected at least %dms of audio, but buffer"
                                    + " only has %.2fms of audio.",
                            COMMIT_MILLIS_MIN,
                            millis),
                    null);
        }
    }

    public void dropBefore(long millis) {
        dropIndex(indexOf(millis));
    }

    private int indexOf(long millis) {
        long index = (millis - baseMillis) * format.bytesPerMilli() - startByte;
        return (int) Math.clamp(index, 0L, (long) length);
    }

    private void dropIndex(int count) {
        System.arraycopy(bytes, count, bytes, 0, length - count);
        length -= count;
        startByte += count;
        if (length == 0) {
            bytes = new byte[0];
        }
    }
}
