package dev.parley.simulator;

import java.util.Arrays;

/**
 * The input audio buffer. Positions are milliseconds of audio since the session began, whatever was dropped in between.
 * Confined to the session's event loop; bounded by {@link #BYTES_MAX}.
 */
final class AudioBuffer {
    /** Eleven minutes of pcm16 without a commit. */
    static final int BYTES_MAX = 32 << 20;

    private byte[] bytes = new byte[0];
    private int length;
    /** Where {@link #bytes} starts, in bytes since the format was chosen. */
    private long startByte;
    /** Audio of earlier formats. */
    private long baseMillis;

    private AudioFormat format = AudioFormat.PCM;

    /** A new format drops what is buffered and keeps the clock. */
    void format(AudioFormat other) {
        if (other != format) {
            baseMillis = endMillis();
            startByte = 0;
            length = 0;
            format = other;
        }
    }

    AudioFormat format() {
        return format;
    }

    void append(byte[] audio) {
        if ((long) length + audio.length > BYTES_MAX) {
            throw ClientError.wrongValue(
                    "audio", "The input audio buffer is full: it holds at most " + BYTES_MAX + " bytes.");
        }
        if (length + audio.length > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(length + audio.length, Math.min(2 * bytes.length, BYTES_MAX)));
        }
        System.arraycopy(audio, 0, bytes, length, audio.length);
        length += audio.length;
    }

    double bufferedMillis() {
        return (double) length / format.bytesPerMilli();
    }

    long startMillis() {
        return baseMillis + startByte / format.bytesPerMilli();
    }

    long endMillis() {
        return baseMillis + (startByte + length) / format.bytesPerMilli();
    }

    /** Cuts out what lies between the two positions, and drops all before. */
    byte[] take(long fromMillis, long toMillis) {
        int from = indexOf(fromMillis);
        int to = Math.max(from, indexOf(toMillis));
        byte[] audio = Arrays.copyOfRange(bytes, from, to);
        dropIndex(to);
        return audio;
    }

    /** Everything that is buffered. */
    byte[] takeAll() {
        byte[] audio = Arrays.copyOf(bytes, length);
        dropIndex(length);
        return audio;
    }

    void dropBefore(long millis) {
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
