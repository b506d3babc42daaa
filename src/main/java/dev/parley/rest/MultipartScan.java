package dev.parley.rest;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Looks at a multipart form while it passes: keeps the few fields that are judged, and of the file its length and its beginning, and nothing
 * else. What another reader could take for something else, such as two fields of one name or a quote inside a file's name, is
 * {@link #broken}: the provider must not find a model here that was not judged. One request; one thread.
 */
final class MultipartScan {
    private static final String PARAMETERS =
            "(?:\\s*;\\s*[A-Za-z0-9*_-]+=(?:\"(?:[^\"\\\\]|\\\\[^\"])*+\"|[^\\s;\",\\\\]++))*+";
    private static final Pattern PARAMETER =
            Pattern.compile(";\\s*([A-Za-z0-9*_-]+)=(?:\"((?:[^\"\\\\]|\\\\[^\"])*+)\"|([^\\s;\",\\\\]++))");
    private static final Pattern TYPE =
            Pattern.compile("multipart/form-data(" + PARAMETERS + ")\\s*;?\\s*", Pattern.CASE_INSENSITIVE);
    private static final Pattern DISPOSITION = Pattern.compile(
            "content-disposition:\\s*form-data(" + PARAMETERS + ")\\s*;?\\s*", Pattern.CASE_INSENSITIVE);
    private static final Pattern HEADER = Pattern.compile("[A-Za-z0-9-]+:[^\\x00-\\x08\\x0A-\\x1F\\x7F]*+");
    private static final Pattern BOUNDARY = Pattern.compile("[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]");
    private static final Pattern TOKEN = Pattern.compile("[0-9A-Za-z'+_.-]+");
    private static final String FILE = "file";
    private static final String MODEL = "model";
    private static final int NAME_LENGTH_MAX = 64;
    private static final int HEADERS_BYTES_MAX = 8 << 10;
    /** Of which the values are looked at; those of a call among them. */
    private static final Set<String> KEPT = Set.of(MODEL, "sdp", "session");

    private static final int KEPT_BYTES_MAX = 64 << 10;
    /** Of all fields but the file: voices to be recognised are among them, as data URLs. */
    private static final int FIELDS_BYTES_MAX = 2 << 20;

    private static final int FIELDS_MAX = 64;
    private static final byte[] HEADERS_END = {'\r', '\n', '\r', '\n'};
    private static final byte[] LINE_END = {'\r', '\n'};

    private final String boundary;
    private final byte[] delimiter;
    private final Set<String> names = new HashSet<>();
    private final Map<String, String> fields = new HashMap<>();
    private final byte[] head = new byte[AudioFile.HEAD_BYTES];
    private byte[] held = new byte[0];
    private State state = State.PREAMBLE;
    private String field = "";
    private Buffer value = Buffer.buffer();
    private int fieldsBytes;
    private int left;
    private int parts;
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
        this.boundary = boundary;
        delimiter = ("\r\n--" + boundary).getBytes(StandardCharsets.UTF_8);
        held = new byte[] {'\r', '\n'}; // so that the first delimiter looks like the others
    }

    /** Empty unless the content type names a form and its boundary. */
    static Optional<MultipartScan> of(String contentType) {
        Matcher type = TYPE.matcher(contentType);
        return type.matches()
                ? only(type.group(1), "boundary")
                        .filter(boundary -> BOUNDARY.matcher(boundary).matches())
                        .map(MultipartScan::new)
                : Optional.empty();
    }

    /** The content type in words that every reader understands alike. */
    String contentType() {
        String quote = TOKEN.matcher(boundary).matches() ? "" : "\"";
        return "multipart/form-data; boundary=" + quote + boundary + quote;
    }

    /** The value of a parameter that is there once, in one way; else empty. */
    private static Optional<String> only(String parameters, String name) {
        List<String> values = new ArrayList<>();
        Matcher parameter = PARAMETER.matcher(parameters);
        while (parameter.find()) {
            String called = parameter.group(1).toLowerCase(Locale.ROOT);
            if (called.equals(name + '*')) {
                return Optional.empty();
            }
            if (called.equals(name)) {
                values.add(parameter.group(2) == null ? parameter.group(3) : parameter.group(2));
            }
        }
        return values.size() == 1 ? Optional.of(values.getFirst()) : Optional.empty();
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
        left = bytes.length - at;
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

    /** What of the piece just taken belongs to the form: what follows the end of a form is nobody's. */
    Buffer within(Buffer piece) {
        return ended() ? piece.getBuffer(0, piece.length() - left).appendBytes(LINE_END) : piece;
    }

    /** One of the fields that are kept; empty if there is none, or not yet. */
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
                if (bytes.length < delimiter.length) {
                    yield -1;
                }
                if (!Arrays.equals(bytes, 0, delimiter.length, delimiter, 0, delimiter.length)) {
                    yield fail("it does not begin with its boundary");
                }
                state = State.DELIMITED;
                yield delimiter.length;
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
        Optional<String> name = name(new String(bytes, from, end - from, StandardCharsets.UTF_8));
        if (name.isEmpty()) {
            return fail("a part has no name, or one that can be read in two ways");
        }
        field = name.get();
        if (field.equals(FILE)) {
            files++;
        } else if (!names.add(field) && !field.endsWith("[]")) {
            return fail("a field is there twice");
        }
        parts++;
        if (parts > FIELDS_MAX) {
            return fail("there are more than " + FIELDS_MAX + " fields");
        }
        value = Buffer.buffer();
        state = State.BODY;
        if (field.equals(MODEL)) {
            modelBegin = position + end + HEADERS_END.length;
        }
        return end + HEADERS_END.length;
    }

    /** Of the one header that tells it, with no other line that could be taken for it. */
    private static Optional<String> name(String headers) {
        String parameters = null;
        for (String line : headers.split("\r\n", -1)) {
            if (!HEADER.matcher(line).matches()) {
                return Optional.empty();
            }
            if (line.toLowerCase(Locale.ROOT).startsWith("content-disposition:")) {
                Matcher disposition = DISPOSITION.matcher(line);
                if (parameters != null || !disposition.matches()) {
                    return Optional.empty();
                }
                parameters = disposition.group(1);
            }
        }
        return parameters == null
                ? Optional.empty()
                : only(parameters, "name")
                        .filter(name -> !name.isEmpty() && name.length() <= NAME_LENGTH_MAX && name.indexOf('\\') < 0);
    }

    private int body(byte[] bytes, int from) {
        int end = indexOf(bytes, delimiter, from);
        int sure = end >= 0 ? end : Math.max(from, bytes.length - delimiter.length + 1);
        if (!content(bytes, from, sure)) {
            return fail("its fields are too long");
        }
        if (end < 0) {
            return sure == from ? -1 : sure;
        }
        if (KEPT.contains(field)) {
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
        fieldsBytes += to - from;
        if (KEPT.contains(field)) {
            value.appendBytes(bytes, from, to - from);
        }
        return fieldsBytes <= FIELDS_BYTES_MAX && value.length() <= KEPT_BYTES_MAX;
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
