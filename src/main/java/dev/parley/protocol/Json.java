package dev.parley.protocol;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.TextNode;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.util.Optional;

/**
 * Reads and writes the few events that the broker looks into. Bounded in nesting and lengths; duplicate keys are refused,
 * because two readers of the same bytes could disagree about which one counts.
 */
public final class Json {
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(128)
                    .maxNumberLength(64)
                    .maxNameLength(1024)
                    .maxStringLength(32 << 20)
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            // A client's keys must not stay in the JVM's table of strings. The table of names that the parsers share is
            // bounded, and without it Jackson would read characters and know no byte offsets, which JsonSplice needs.
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .build();

    private static final ObjectMapper MAPPER = JsonMapper.builder(FACTORY)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES) // 1.0 stays 1.0
            .build();

    private Json() {}

    /** The event as a tree; empty unless the bytes are exactly one JSON object. */
    public static Optional<JsonNode> object(Buffer utf8) {
        try {
            JsonNode node = MAPPER.readTree(utf8.getBytes());
            return node.isObject() ? Optional.of(node) : Optional.empty();
        } catch (JacksonException broken) {
            return Optional.empty();
        } catch (IOException impossible) {
            throw new IllegalStateException("bytes in memory cannot fail to be read", impossible);
        }
    }

    /**
     * The value of a top-level string member. Reads no further than that, so what follows may be broken; empty if there is
     * none up to there, or what comes before it cannot be read.
     */
    public static Optional<String> member(Buffer utf8, String name) {
        try (JsonParser parser = parser(utf8.getBytes())) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return Optional.empty();
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                boolean found = name.equals(parser.currentName());
                JsonToken value = parser.nextToken();
                if (found) {
                    return value == JsonToken.VALUE_STRING ? Optional.of(parser.getText()) : Optional.empty();
                }
                parser.skipChildren();
            }
            return Optional.empty();
        } catch (IOException broken) {
            return Optional.empty();
        }
    }

    /** The text as a JSON string, quotes included. */
    public static String quoted(String text) {
        return TextNode.valueOf(text).toString();
    }

    /** A tree that {@link #object} has read, or that was made like one, as bytes. */
    public static Buffer bytes(JsonNode node) {
        try {
            return Buffer.buffer(MAPPER.writeValueAsBytes(node));
        } catch (JacksonException bug) {
            throw new IllegalStateException("a tree can always be written", bug);
        }
    }

    static JsonParser parser(byte[] utf8) throws IOException {
        return FACTORY.createParser(utf8);
    }
}
