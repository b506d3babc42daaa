package dev.parley.rest;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * What the first bytes of a file tell of its length in time: exactly for WAV, which says its bytes per second; of other
 * formats nothing is known but that speech has no fewer than {@link #BYTES_PER_MILLI_MIN}. Pure.
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
    private static final int BYTE_RATE_AT = 28;

    static AudioFile of(byte[] head) {
        boolean wav = head.length >= BYTE_RATE_AT + Integer.BYTES
                && text(head, 0).equals("RIFF")
                && text(head, 8).equals("WAVE")
                && text(head, FORMAT_AT).equals("fmt ");
        long rate = wav ? ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getInt(BYTE_RATE_AT) : 0;
        return new AudioFile(Math.max(0, rate));
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
