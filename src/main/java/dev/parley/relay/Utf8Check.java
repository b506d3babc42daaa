package dev.parley.relay;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Validates one text message as UTF-8, piece by piece, on the masked bytes in place. One per leg; one event loop. */
final class Utf8Check {
    /** Reads eight bytes so that the first is the lowest. */
    static final VarHandle LONGS = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    static final long HIGH_BITS = 0x8080808080808080L;

    private int missing;
    private int lowest = 0x80;
    private int highest = 0xBF;

    /** Before the first piece of a message. */
    void reset() {
        missing = 0;
        lowest = 0x80;
        highest = 0xBF;
    }

    /** Whether the message may end here. */
    boolean complete() {
        return missing == 0;
    }

    /**
     * Checks the next piece.
     *
     * @param mask the mask as it falls on the piece, the first byte's lowest
     * @return false if the text is not UTF-8
     */
    boolean accept(ByteBuffer bytes, int from, int to, int mask) {
        int at = from;
        while (at < to) {
            if (missing == 0) {
                at = skipAscii(bytes, at, to, Masks.rotate(mask, at - from));
                if (at == to) {
                    return true;
                }
            }
            if (!step(Masks.unmask(bytes.get(at), mask, at - from) & 0xFF)) {
                return false;
            }
            at++;
        }
        return true;
    }

    private static int skipAscii(ByteBuffer bytes, int from, int to, int mask) {
        long mask8 = Masks.wide(mask);
        int at = from;
        for (; at + 32 <= to; at += 32) {
            long any = ((long) LONGS.get(bytes, at) ^ mask8)
                    | ((long) LONGS.get(bytes, at + 8) ^ mask8)
                    | ((long) LONGS.get(bytes, at + 16) ^ mask8)
                    | ((long) LONGS.get(bytes, at + 24) ^ mask8);
            if ((any & HIGH_BITS) != 0) {
                break;
            }
        }
        for (; at + 8 <= to; at += 8) {
            long high = ((long) LONGS.get(bytes, at) ^ mask8) & HIGH_BITS;
            if (high != 0) {
                return at + (Long.numberOfTrailingZeros(high) >> 3);
            }
        }
        while (at < to && Masks.unmask(bytes.get(at), mask, at - from) >= 0) {
            at++;
        }
        return at;
    }

    /** One byte of the table of well-formed sequences (Unicode, table 3-7). */
    private boolean step(int octet) {
        if (missing > 0) {
            if (octet < lowest || octet > highest) {
                return false;
            }
            missing--;
            lowest = 0x80;
            highest = 0xBF;
            return true;
        }
        if (octet < 0xC2 || octet > 0xF4) {
            return octet < 0x80;
        }
        missing = octet < 0xE0 ? 1 : octet < 0xF0 ? 2 : 3;
        lowest = octet == 0xE0 ? 0xA0 : octet == 0xF0 ? 0x90 : 0x80;
        highest = octet == 0xED ? 0x9F : octet == 0xF4 ? 0x8F : 0xBF;
        return true;
    }
}
