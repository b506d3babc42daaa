package dev.parley.protocol;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.util.List;

/**
 * Sets one member of a JSON object in its bytes and leaves all others as they came: unknown fields, the form of numbers,
 * escapes, white space. The bytes must have been read as one object by {@link Json} before.
 */
public final class JsonSplice {
    private JsonSplice() {}

    /**
     * The same object with the member at {@code path} set to {@code value}. Objects that are missing on the way, or that
     * are something else there, are made.
     *
     * @param value raw JSON
     */
    public static Buffer set(Buffer utf8, List<String> path, String value) {
        byte[] bytes = utf8.getBytes();
        try (JsonParser parser = Json.parser(bytes)) {
            parser.nextToken();
            for (int depth = 0; depth < path.size(); depth++) {
                int open = (int) parser.currentTokenLocation().getByteOffset();
                if (!toMember(parser, path.get(depth))) {
                    boolean empty = parser.currentToken() == JsonToken.END_OBJECT && emptyFrom(bytes, open + 1);
                    String member = nested(path.subList(depth, path.size()), value);
                    return replaced(bytes, open + 1, open + 1, empty ? member : member + ',');
                }
                boolean last = depth == path.size() - 1;
                if (last || parser.currentToken() != JsonToken.START_OBJECT) {
                    String raw = last ? value : '{' + nested(path.subList(depth + 1, path.size()), value) + '}';
                    int start = (int) parser.currentTokenLocation().getByteOffset();
                    return replaced(bytes, start, endOfValue(parser), raw);
                }
            }
            throw new IllegalArgumentException("the path is empty");
        } catch (IOException notJson) {
            throw new IllegalArgumentException("the bytes are not a JSON object", notJson);
        }
    }

    /** Moves to the member's value; if there is none, to the end of the object. */
    private static boolean toMember(JsonParser parser, String name) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            boolean found = name.equals(parser.currentName());
            parser.nextToken();
            if (found) {
                return true;
            }
            parser.skipChildren();
        }
        return false;
    }

    private static int endOfValue(JsonParser parser) throws IOException {
        parser.skipChildren();
        parser.finishToken();
        return (int) parser.currentLocation().getByteOffset();
    }

    private static boolean emptyFrom(byte[] bytes, int from) {
        int at = from;
        while (bytes[at] == ' ' || bytes[at] == '\n' || bytes[at] == '\r' || bytes[at] == '\t') {
            at++;
        }
        return bytes[at] == '}';
    }

    private static String nested(List<String> path, String value) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < path.size(); i++) {
            text.append(i == 0 ? "" : "{").append(Json.quoted(path.get(i))).append(':');
        }
        return text.append(value).append("}".repeat(path.size() - 1)).toString();
    }

    private static Buffer replaced(byte[] bytes, int from, int to, String text) {
        return Buffer.buffer(bytes.length + text.length())
                .appendBytes(bytes, 0, from)
                .appendString(text)
                .appendBytes(bytes, to, bytes.length - to);
    }
}
