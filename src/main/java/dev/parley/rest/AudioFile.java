package dev.parley.rest;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * What the first bytes of a file tell of its length in time: exactly for WAV of plain samples, by their size and rate, which is
 * what decoders go by; its field for bytes per second could say anything. Of other formats nothing is known but that speech has no
 * fewer than {@link #BYTES_PER_MILLI_MIN}. Pure.
 *
 * @param bytesPerSecond of the audio; 0 if that is not known
 */
record AudioFile(long bytesPerSecond) {
    static final int HEAD_BYTES = 64;
    /** 8 kbit/s: what codecs for speech go down to. */
    private static final long BYTES_PER_MILLI_MIN = 1;
    /** 32 kbit/s: what they commonly have. */
    private static final long BYTES_PER_MILLI_COMMON = 4;

    private static final int FORMAT_AT = 12;
    private static final int CODING_AT = 20;
    private static final int CHANNELS_AT = 22;
    private static final int RATE_AT = 24;
    private static final int BYTE_RATE_AT = 28;
    private static final int FRAME_BYTES_AT = 32;
    private static final int SAMPLE_BITS_AT = 34;
    private static final int FORMAT_END = 36;
    private static final int CHANNELS_MAX = 8;
    private static final int RATE_MAX = 192_000;
    private static final int SAMPLE_BITS_MAX = 64;
    private static final Set<Integer> PLAIN = Set.of(1, 3); // whole numbers, floating point

    static AudioFile of(byte[] head) {
        boolean wav = head.length >= FORMAT_END
                && text(head, 0).equals("RIFF")
                && text(head, 8).equals("WAVE")
                && text(head, FORMAT_AT).equals("fmt ");
        return new AudioFile(wav ? plainRate(ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN)) : 0);
    }

    /** 0 if it is compressed, or contradicts itself. */
    private static long plainRate(ByteBuffer head) {
        int channels = head.getShort(CHANNELS_AT);
        int rate = head.getInt(RATE_AT);
        int bits = head.getShort(SAMPLE_BITS_AT);
        boolean sane = PLAIN.contains((int) head.getShort(CODING_AT))
                && channels >= 1
                && channels <= CHANNELS_MAX
                && rate >= 1
                && rate <= RATE_MAX
                && bits >= Byte.SIZE
                && bits <= SAMPLE_BITS_MAX
                && bits % Byte.SIZE == 0;
        long bytes = sane ? (long) channels * bits / Byte.SIZE : 0;
        return bytes == head.getShort(FRAME_BYTES_AT) && bytes * rate == head.getInt(BYTE_RATE_AT) ? bytes * rate : 0;
    }

    /** The most time that so many bytes can hold. */
    long millisAtMost(long bytes) {
        return bytesPerSecond > 0 ? exact(bytes) : bytes / BYTES_PER_MILLI_MIN;
    }

    /** The time that so many bytes most likely hold. */
    long millisLikely(long bytes) {
        return bytesPerSecond > 0 ? exact(bytes) : bytes / BYTES_PER_MILLI_COMMON;
    }

    private long exact(long bytes) {
        return Math.ceilDiv(bytes * 1_000, bytesPerSecond);
    }

    private static String text(byte[] head, int at) {
        return new String(head, at, 4, StandardCharsets.US_ASCII);
    }
}
