package dev.parley.relay;

import dev.parley.protocol.EventType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Finds the {@code type} of the top-level JSON object, wherever it stands, on the masked bytes in place and piece by piece.
 * Escaped keys and values are decoded, nested objects are stepped over, and what is not JSON has no type. It does not
 * validate JSON: a broken message keeps whatever was found in it, and its receiver says what is wrong.
 *
 * <p>One per leg; one event loop. Allocates nothing while it works.
 */
final class TypeScanner {
    private static final byte[] KEY = "type".getBytes(StandardCharsets.US_ASCII);
    /** Brace, quote, type, quote, colon: the eight bytes as they stand, the first lowest; a quote follows. */
    private static final long HEAD = 0x3A_22_65_70_79_74_22_7BL;

    private static final int HEAD_LENGTH = 9;
    private static final int MISMATCH = -1;
    private static final EventType[][] BY_LENGTH = byLength();

    private static final long ONES = 0x0101010101010101L;
    private static final long QUOTES = ONES * '"';
    private static final long BACKSLASHES = ONES * '\\';

    private enum State {
        START,
        BEFORE_KEY,
        KEY,
        KEY_ESCAPE,
        KEY_HEX,
        AFTER_KEY,
        BEFORE_VALUE,
        TYPE,
        TYPE_ESCAPE,
        TYPE_HEX,
        STRING,
        STRING_ESCAPE,
        SCALAR,
        NESTED,
        AFTER_VALUE,
        END
    }

    private final byte[] value = new byte[BY_LENGTH.length - 1];

    private State state = State.START;
    private int depth;
    private int keyLength;
    private int valueLength;
    private int hexLeft;
    private int hexValue;
    private boolean atType;
    private boolean found;
    private boolean duplicate;
    private EventType type = EventType.UNKNOWN;

    /** Before the first piece of a message. */
    void reset() {
        state = State.START;
        depth = 0;
        atType = false;
        found = false;
        duplicate = false;
        type = EventType.UNKNOWN;
    }

    /** Whether the type is known, or it is clear that there is none. */
    boolean settled() {
        return found || state == State.END;
    }

    EventType type() {
        return type;
    }

    /** Whether a second top-level {@code type} was seen. */
    boolean duplicate() {
        return duplicate;
    }

    /**
     * Reads the next piece.
     *
     * @param mask the mask as it falls on the piece
     * @param toTheEnd whether to go on behind the type, to see a second one
     */
    void scan(ByteBuffer bytes, int from, int to, int mask, boolean toTheEnd) {
        int at = state == State.START ? usualHead(bytes, from, to, mask) : from;
        while (at < to && state != State.END) {
            if (found && !toTheEnd) {
                return;
            }
            if (state == State.STRING) {
                at = skipString(bytes, at, to, Masks.rotate(mask, at - from));
            } else {
                step(Masks.unmask(bytes.get(at), mask, at - from) & 0xFF);
                at++;
            }
        }
    }

    /** Nearly every event begins with its type: over that in one go, or not at all. */
    private int usualHead(ByteBuffer bytes, int from, int to, int mask) {
        int at = from + HEAD_LENGTH;
        if (to - at <= value.length
                || ((long) Utf8Check.LONGS.get(bytes, from) ^ Masks.wide(mask)) != HEAD
                || Masks.unmask(bytes.get(at - 1), mask, HEAD_LENGTH - 1) != '"') {
            return from;
        }
        for (int length = 0; length < value.length; length++) {
            byte octet = Masks.unmask(bytes.get(at + length), mask, HEAD_LENGTH + length);
            if (octet == '"') {
                depth = 1;
                valueLength = length;
                type = lookUp();
                found = true;
                state = State.AFTER_VALUE;
                return at + length + 1;
            }
            if (octet == '\\' || octet < 0) {
                return from;
            }
            value[length] = octet;
        }
        return from;
    }

    /** On to the quote or backslash that ends this stretch of a string, and over it. */
    private int skipString(ByteBuffer bytes, int from, int to, int mask) {
        long mask8 = Masks.wide(mask);
        int at = from;
        // Audio is kilobytes of one string: 32 bytes a step, then the eight that hold the end.
        for (; at + 32 <= to; at += 32) {
            long hits = ends((long) Utf8Check.LONGS.get(bytes, at) ^ mask8)
                    | ends((long) Utf8Check.LONGS.get(bytes, at + 8) ^ mask8)
                    | ends((long) Utf8Check.LONGS.get(bytes, at + 16) ^ mask8)
                    | ends((long) Utf8Check.LONGS.get(bytes, at + 24) ^ mask8);
            if ((hits & Utf8Check.HIGH_BITS) != 0) {
                break;
            }
        }
        for (; at + 8 <= to; at += 8) {
            long hits = ends((long) Utf8Check.LONGS.get(bytes, at) ^ mask8) & Utf8Check.HIGH_BITS;
            if (hits != 0) {
                at += Long.numberOfTrailingZeros(hits) >> 3;
                break;
            }
        }
        for (; at < to; at++) {
            byte octet = Masks.unmask(bytes.get(at), mask, at - from);
            if (octet == '"' || octet == '\\') {
                state = octet == '\\' ? State.STRING_ESCAPE : depth == 1 ? State.AFTER_VALUE : State.NESTED;
                return at + 1;
            }
        }
        return at;
    }

    /** The lowest high bit that is set marks the first quote or backslash of eight bytes; those above it may be wrong. */
    private static long ends(long eight) {
        long quotes = eight ^ QUOTES;
        long backslashes = eight ^ BACKSLASHES;
        return ((quotes - ONES) & ~quotes) | ((backslashes - ONES) & ~backslashes);
    }

    private void step(int octet) {
        switch (state) {
            case START -> start(octet);
            case BEFORE_KEY -> beforeKey(octet);
            case KEY -> key(octet);
            case KEY_ESCAPE, TYPE_ESCAPE -> escape(octet);
            case KEY_HEX, TYPE_HEX -> hex(octet);
            case AFTER_KEY -> afterKey(octet);
            case BEFORE_VALUE -> beforeValue(octet);
            case TYPE -> typeValue(octet);
            case STRING_ESCAPE -> state = State.STRING;
            case SCALAR -> afterValue(octet, State.SCALAR);
            case NESTED -> nested(octet);
            case AFTER_VALUE -> afterValue(octet, State.END);
            case STRING, END -> throw new IllegalStateException(state.name());
        }
    }

    private void start(int octet) {
        if (octet == '{') {
            depth = 1;
            state = State.BEFORE_KEY;
        } else if (!isSpace(octet) && !isByteOrderMark(octet)) {
            state = State.END;
        }
    }

    private void beforeKey(int octet) {
        if (octet == '"') {
            keyLength = 0;
            state = State.KEY;
        } else if (octet != ',' && !isSpace(octet)) {
            state = State.END;
        }
    }

    private void key(int octet) {
        if (octet == '"') {
            atType = keyLength == KEY.length;
            duplicate |= atType && found;
            state = State.AFTER_KEY;
        } else if (octet == '\\') {
            state = State.KEY_ESCAPE;
        } else {
            keyOctet(octet);
        }
    }

    private void keyOctet(int octet) {
        boolean matches = keyLength >= 0 && keyLength < KEY.length && KEY[keyLength] == octet;
        keyLength = matches ? keyLength + 1 : MISMATCH;
    }

    private void afterKey(int octet) {
        if (octet == ':') {
            state = State.BEFORE_VALUE;
        } else if (!isSpace(octet)) {
            state = State.END;
        }
    }

    private void beforeValue(int octet) {
        if (isSpace(octet)) {
            return;
        }
        if (octet == '"') {
            valueLength = 0;
            state = atType && !found ? State.TYPE : State.STRING;
            return;
        }
        found |= atType;
        if (octet == '{' || octet == '[') {
            depth = 2;
            state = State.NESTED;
        } else {
            state = State.SCALAR;
        }
    }

    private void typeValue(int octet) {
        if (octet == '"') {
            type = lookUp();
            found = true;
            state = State.AFTER_VALUE;
        } else if (octet == '\\') {
            state = State.TYPE_ESCAPE;
        } else {
            valueOctet(octet);
        }
    }

    private void valueOctet(int octet) {
        if (valueLength >= 0 && valueLength < value.length && octet < 0x80) {
            value[valueLength++] = (byte) octet;
        } else {
            valueLength = MISMATCH;
        }
    }

    private void escape(int octet) {
        boolean inKey = state == State.KEY_ESCAPE;
        if (octet == 'u') {
            hexLeft = 4;
            hexValue = 0;
            state = inKey ? State.KEY_HEX : State.TYPE_HEX;
        } else {
            // \b \f \n \r \t stand in no name that is looked for
            unescaped(inKey, octet == '"' || octet == '\\' || octet == '/' ? octet : 0xFF);
        }
    }

    private void hex(int octet) {
        hexValue = (hexValue << 4) | Math.max(0, Character.digit(octet, 16));
        if (--hexLeft == 0) {
            unescaped(state == State.KEY_HEX, Math.min(hexValue, 0xFF));
        }
    }

    private void unescaped(boolean inKey, int octet) {
        if (inKey) {
            keyOctet(octet);
            state = State.KEY;
        } else {
            valueOctet(octet);
            state = State.TYPE;
        }
    }

    private void nested(int octet) {
        switch (octet) {
            case '"' -> state = State.STRING;
            case '{', '[' -> depth++;
            case '}', ']' -> {
                if (--depth == 1) {
                    state = State.AFTER_VALUE;
                }
            }
            default -> {
                // numbers, literals, commas, space
            }
        }
    }

    private void afterValue(int octet, State otherwise) {
        if (octet == ',') {
            state = State.BEFORE_KEY;
        } else if (octet == '}') {
            state = State.END;
        } else if (!isSpace(octet)) {
            state = otherwise;
        }
    }

    private EventType lookUp() {
        if (valueLength > 0) {
            for (EventType candidate : BY_LENGTH[valueLength]) {
                if (candidate.matches(value, 0, valueLength)) {
                    return candidate;
                }
            }
        }
        return EventType.UNKNOWN;
    }

    /** Control characters count as space: more lenient than JSON, so that nothing hides from the scan. */
    private static boolean isSpace(int octet) {
        return octet <= ' ';
    }

    private static boolean isByteOrderMark(int octet) {
        return octet == 0xEF || octet == 0xBB || octet == 0xBF;
    }

    private static EventType[][] byLength() {
        int longest = Arrays.stream(EventType.values())
                .mapToInt(type -> type.wireName().length())
                .max()
                .orElse(0);
        EventType[][] table = new EventType[longest + 1][];
        for (int length = 0; length <= longest; length++) {
            int wanted = length;
            table[length] = Arrays.stream(EventType.values())
                    .filter(type -> type.wireName().length() == wanted)
                    .toArray(EventType[]::new);
        }
        return table;
    }
}
