package dev.parley.content;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.parley.protocol.EventType;
import dev.parley.protocol.Json;
import io.vertx.core.buffer.Buffer;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of one event: no audio, no images, no secrets, and of long texts the beginning.
 *
 * @param of what the event is a part of, by the provider's ids
 * @param json null if the event was too large to be read, or is no JSON
 * @param text of a delta; null if it is none
 * @param audioBytes decoded, of an event that brings audio and nothing else; -1 if it is none
 */
record Excerpt(
        String type,
        String of,
        @Nullable String json,
        @Nullable String text,
        long audioBytes) {
    /** Larger events are not read. */
    static final int READ_BYTES_MAX = 256 << 10;
    /** Characters of one text in an event. */
    static final int TEXT_MAX = 2_000;
    /** Characters of an event. */
    static final int EVENT_MAX = 16_000;

    private static final int NAME_MAX = 100;
    /** Of a conversation; in a translation the name has something before it. */
    private static final String APPEND = EventType.INPUT_AUDIO_BUFFER_APPEND.wireName();

    /** Members by which the provider is let in somewhere on the tenant's behalf. */
    private static final Set<String> SECRETS =
            Set.of("authorization", "headers", "client_secret", "api_key", "access_token", "password");

    /** @param utf8 null if the event was not held */
    static Excerpt of(EventType type, long bytes, @Nullable Buffer utf8) {
        JsonNode read = utf8 == null || utf8.length() > READ_BYTES_MAX
                ? null
                : Json.object(utf8).orElse(null);
        if (!(read instanceof ObjectNode event)) {
            return unread(type == EventType.UNKNOWN ? "other" : type.wireName(), bytes);
        }
        String name = beginning(event.path("type").asText(""), NAME_MAX);
        String of = event.path("response_id").asText("") + " "
                + event.path("item_id").asText("") + " "
                + event.path("content_index").asText("");
        String member = name.endsWith(APPEND) ? "audio" : name.endsWith(".delta") ? "delta" : "";
        JsonNode piece = event.path(member);
        if (!piece.isTextual()) {
            return new Excerpt(name, of, json(event), null, -1);
        }
        event.remove(member);
        return bringsAudio(name)
                ? new Excerpt(name, of, json(event), null, decoded(piece.textValue()))
                : new Excerpt(name, of, json(event), piece.textValue(), -1);
    }

    /** Whether it is a piece of something that goes on. */
    boolean isPiece() {
        return text != null || audioBytes >= 0;
    }

    /** The beginning of a text, and how much more there was. */
    static String beginning(String text, int most) {
        if (text.length() <= most) {
            return text;
        }
        int end = Character.isHighSurrogate(text.charAt(most - 1)) ? most - 1 : most;
        return text.substring(0, end) + "… [" + (text.length() - end) + " more characters]";
    }

    private static Excerpt unread(String name, long bytes) {
        return new Excerpt(name, "", null, null, bringsAudio(name) ? bytes * 3 / 4 : -1);
    }

    private static boolean bringsAudio(String name) {
        return name.endsWith(APPEND) || name.endsWith("audio.delta");
    }

    private static String json(ObjectNode event) {
        return beginning(cleaned(event).toString(), EVENT_MAX);
    }

    private static JsonNode cleaned(JsonNode value) {
        return switch (value) {
            case ObjectNode object -> {
                for (Map.Entry<String, JsonNode> member : object.properties()) {
                    member.setValue(cleaned(member.getKey(), member.getValue()));
                }
                yield object;
            }
            case ArrayNode array -> {
                for (int i = 0; i < array.size(); i++) {
                    array.set(i, cleaned(array.get(i)));
                }
                yield array;
            }
            case TextNode text -> TextNode.valueOf(cleaned(text.textValue()));
            default -> value;
        };
    }

    private static JsonNode cleaned(String name, JsonNode value) {
        if (SECRETS.contains(name.toLowerCase(Locale.ROOT)) && !value.isNull()) {
            return TextNode.valueOf("[secret]");
        }
        return name.equals("audio") && value.isTextual()
                ? TextNode.valueOf("[audio: " + decoded(value.textValue()) + " bytes]")
                : cleaned(value);
    }

    private static String cleaned(String text) {
        int data = text.startsWith("data:") ? text.indexOf(";base64,") : -1;
        return data >= 0
                ? "[" + beginning(text.substring(5, data), NAME_MAX) + ": "
                        + decoded(text.substring(data + ";base64,".length())) + " bytes]"
                : beginning(text, TEXT_MAX);
    }

    /** How many bytes base64 stands for. */
    private static long decoded(String base64) {
        int end = base64.length();
        while (end > 0 && base64.charAt(end - 1) == '=') {
            end--;
        }
        return end * 3L / 4;
    }
}
