package dev.parley.rest;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Looks at a multipart form while it passes: keeps the small fields, and of the file its length and its beginning, and nothing
 * else. Lenient about what it need not understand; what it could misread, such as a field without a name, is {@link #broken}.
 * One request; one thread.
 */
final class MultipartScan {
    private static final Pattern BOUNDARY = Pattern.compile(
            "multipart/form-data\\s*;.*?\\bboundary=(?:\"([^\"]{1,70})\"|([^\\s;\"]{1,70}))", Pattern.CASE_INSENSITIVE);
    private static final Pattern NAME = Pattern.compile("(?:^|[;\\s])name=\"([^\"]{1,64})\"");
    private static final String FILE = "file";
    private static final String MODEL = "model";
    private static final int HEADERS_BYTES_MAX = 8 << 10;
    private static final int FIELD_BYTES_MAX = 64 << 10;
    private static final int FIELDS_MAX = 64;
    private static final byte[] HEADERS_END = {'\r', '\n', '\r', '\n'};

    private final byte[] delimiter;
    private final Map<String, String> fields = new HashMap<>();
    private final byte[] head = new byte[AudioFile.HEAD_BYTES];
    private byte[] held = new byte[0];
    private State state = State.PREAMBLE;
    private String field = "";
    private Buffer value = Buffer.buffer();
    private long fileBytes;
    /** Of the form, where {@link #held} begins; less than zero for what precedes it. */
    private long position = -2;

    private long modelBegin = -1;
    private long modelEnd = -1;
    private int headBytes;
    private int files;
    private String problem = "";

    private enum State {
        PREAMBLE,
        DELIMITED,
        HEADERS,
        BODY,
        END,
        BROKEN
    }

    private MultipartScan(String boundary) {
        delimiter = ("\r\n--" + boundary).getBytes(StandardCharsets.UTF_8);
        held = new byte[] {'\r', '\n'}; // so that the first delimiter looks like the others
    }

    /** Empty unless the content type names a form and its boundary. */
    static Optional<MultipartScan> of(String contentType) {
        Matcher matcher = BOUNDARY.matcher(contentType);
        return matcher.find()
                ? Optional.of(new MultipartScan(matcher.group(1) == null ? matcher.group(2) : matcher.group(1)))
                : Optional.empty();
    }

    /** The next bytes of the form. */
    void take(Buffer piece) {
        byte[] bytes = new byte[held.length + piece.length()];
        System.arraycopy(held, 0, bytes, 0, held.length);
        System.arraycopy(piece.getBytes(), 0, bytes, held.length, piece.length());
        int at = 0;
        while (at >= 0 && state != State.END && state != State.BROKEN) {
            int next = step(bytes, at);
            if (next < 0) {
                break;
            }
            at = next;
        }
        position += at;
        held = state == State.END || state == State.BROKEN ? new byte[0] : Arrays.copyOfRange(bytes, at, bytes.length);
        if (held.length > HEADERS_BYTES_MAX + delimiter.length && state != State.BODY) {
            fail("the headers of a part are too long");
        }
    }

    /** What is wrong with the form; empty while nothing is. */
    String problem() {
        return problem;
    }

    boolean broken() {
        return state == State.BROKEN;
    }

    /** Whether the form has come to its end. */
    boolean ended() {
        return state == State.END;
    }

    /** A small field; empty if there is none, or not yet. */
    Optional<String> field(String name) {
        return Optional.ofNullable(fields.get(name));
    }

    int files() {
        return files;
    }

    /** Where in the form the model's name begins; less than zero while that is not known. */
    long modelBegin() {
        return modelBegin;
    }

    /** Where it ends; likewise. */
    long modelEnd() {
        return modelEnd;
    }

    /** Of the file, as far as it has come. */
    long fileBytes() {
        return fileBytes;
    }

    /** What the beginning of the file tells of it. */
    AudioFile file() {
        return AudioFile.of(Arrays.copyOf(head, headBytes));
    }

    /** Goes on from a place; where to go on, or -1 for when more bytes are there. */
    private int step(byte[] bytes, int from) {
        return switch (state) {
            case PREAMBLE -> {
                int found = indexOf(bytes, delimiter, from);
                if (found < 0) {
                    yield from > 0 || bytes.length <= delimiter.length
                            ? -1
                            : fail("it does not begin with its boundary");
                }
                state = State.DELIMITED;
                yield found + delimiter.length;
            }
            case DELIMITED -> delimited(bytes, from);
            case HEADERS -> headers(bytes, from);
            case BODY -> body(bytes, from);
            case END, BROKEN -> -1;
        };
    }

    private int delimited(byte[] bytes, int from) {
        if (bytes.length - from < 2) {
            return -1;
        }
        if (bytes[from] == '-' && bytes[from + 1] == '-') {
            state = State.END;
            return from + 2;
        }
        if (bytes[from] == '\r' && bytes[from + 1] == '\n') {
            state = State.HEADERS;
            return from + 2;
        }
        return fail("a boundary is followed by something else");
    }

    private int headers(byte[] bytes, int from) {
        int end = indexOf(bytes, HEADERS_END, from);
        if (end < 0) {
            return -1;
        }
        String headers = new String(bytes, from, end - from, StandardCharsets.UTF_8);
        Matcher name = NAME.matcher(disposition(headers));
        if (!name.find()) {
            return fail("a part has no name");
        }
        field = name.group(1);
        if (field.equals(FILE)) {
            files++;
        } else if (fields.containsKey(field) && !field.endsWith("[]")) {
            return fail("a field is there twice");
        } else if (fields.size() >= FIELDS_MAX) {
            return fail("there are more than " + FIELDS_MAX + " fields");
        }
        value = Buffer.buffer();
        state = State.BODY;
        if (field.equals(MODEL)) {
            modelBegin = position + end + HEADERS_END.length;
        }
        return end + HEADERS_END.length;
    }

    private static String disposition(String headers) {
        for (String line : headers.split("\r\n", -1)) {
            if (line.toLowerCase(Locale.ROOT).startsWith("content-disposition:")) {
                return line;
            }
        }
        return "";
    }

    private int body(byte[] bytes, int from) {
        int end = indexOf(bytes, delimiter, from);
        int sure = end >= 0 ? end : Math.max(from, bytes.length - delimiter.length + 1);
        if (!content(bytes, from, sure)) {
            return fail("a field is longer than " + FIELD_BYTES_MAX + " bytes");
        }
        if (end < 0) {
            return sure == from ? -1 : sure;
        }
        if (!field.equals(FILE)) {
            fields.put(field, value.toString());
        }
        if (field.equals(MODEL)) {
            modelEnd = position + end;
        }
        state = State.DELIMITED;
        return end + delimiter.length;
    }

    private boolean content(byte[] bytes, int from, int to) {
        if (field.equals(FILE)) {
            int wanted = Math.min(head.length - headBytes, to - from);
            System.arraycopy(bytes, from, head, headBytes, wanted);
            headBytes += wanted;
            fileBytes += to - from;
            return true;
        }
        value.appendBytes(bytes, from, to - from);
        return value.length() <= FIELD_BYTES_MAX;
    }

    private int fail(String why) {
        state = State.BROKEN;
        problem = why;
        return -1;
    }

    private static int indexOf(byte[] bytes, byte[] part, int from) {
        for (int at = from; at <= bytes.length - part.length; at++) {
            int same = 0;
            while (same < part.length && bytes[at + same] == part[same]) {
                same++;
            }
            if (same == part.length) {
                return at;
            }
        }
        return -1;
    }
}
