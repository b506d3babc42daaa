package dev.parley.relay;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Reads one string member of the top-level object out of the head of a message. */
final class TopLevelMember {
    private static final JsonFactory JSON = new JsonFactory();

    private TopLevelMember() {}

    /** The value of {@code member}, or null if it is not there, no string, or not whole. */
    static @Nullable String find(byte[] head, String member) {
        try (JsonParser parser = JSON.createParser(head)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return null;
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                boolean wanted = parser.currentName().equals(member);
                JsonToken value = parser.nextToken();
                if (wanted) {
                    return value == JsonToken.VALUE_STRING ? parser.getText() : null;
                }
                parser.skipChildren();
            }
            return null;
        } catch (IOException endsOrIsBrokenBefore) {
            return null;
        }
    }
}
