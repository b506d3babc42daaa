package dev.parley.relay;

/** The mask of RFC 6455 §5.3 as an int whose lowest byte falls on the first byte of a piece. */
final class Masks {
    private Masks() {}

    /** The mask as it falls {@code by} bytes further on. */
    static int rotate(int mask, int by) {
        return Integer.rotateRight(mask, (by & 3) << 3);
    }

    static byte unmask(byte octet, int mask, int offset) {
        return (byte) (octet ^ (mask >>> ((offset & 3) << 3)));
    }

    /** The mask over eight bytes. */
    static long wide(int mask) {
        return (mask & 0xFFFFFFFFL) * 0x1_0000_0001L;
    }

    /** Masks or unmasks in place. */
    static void apply(byte[] bytes, int from, int length, int mask) {
        if (mask != 0) {
            for (int i = 0; i < length; i++) {
                bytes[from + i] ^= (byte) (mask >>> ((i & 3) << 3));
            }
        }
    }
}
