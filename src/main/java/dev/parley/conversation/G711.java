package dev.parley.conversation;

/** Telephone audio: the two companding laws of ITU-T G.711, to and from linear 16 bit. */
public final class G711 {
    private static final int BIAS = 0x84;
    private static final int CLIP = 32_635;

    private G711() {}

    public static byte toUlaw(int sample) {
        int sign = sample < 0 ? 0x80 : 0;
        int magnitude = Math.min(Math.abs(sample), CLIP) + BIAS;
        int exponent = 31 - Integer.numberOfLeadingZeros(magnitude) - 7;
        int mantissa = (magnitude >> (exponent + 3)) & 0x0f;
        return (byte) ~(sign | (exponent << 4) | mantissa);
    }

    public static int fromUlaw(byte encoded) {
        int bits = ~encoded & 0xff;
        int magnitude = (((bits & 0x0f) << 3) + BIAS) << ((bits >> 4) & 0x07);
        int linear = magnitude - BIAS;
        return (bits & 0x80) == 0 ? linear : -linear;
    }

    public static byte toAlaw(int sample) {
        int sign = sample >= 0 ? 0x80 : 0;
        int magnitude = Math.min(sample >= 0 ? sample : -sample - 1, CLIP);
        int exponent = magnitude < 256 ? 0 : 31 - Integer.numberOfLeadingZeros(magnitude) - 7;
        int mantissa = (magnitude >> (exponent == 0 ? 4 : exponent + 3)) & 0x0f;
        return (byte) ((sign | (exponent << 4) | mantissa) ^ 0x55);
    }

    public static int fromAlaw(byte encoded) {
        int bits = (encoded & 0xff) ^ 0x55;
        int exponent = (bits >> 4) & 0x07;
        int mantissa = ((bits & 0x0f) << 4) + 8;
        int magnitude = exponent == 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
        return (bits & 0x80) != 0 ? magnitude : -magnitude;
    }
}
