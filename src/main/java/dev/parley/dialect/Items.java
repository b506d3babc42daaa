package dev.parley.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/** Items of a conversation: only what the assistant says has other names. A part's type has the same in both. */
final class Items {
    private static final Map<String, String> TO_GA = Map.of("text", "output_text", "audio", "output_audio");
    private static final Map<String, String> TO_BETA = Map.of("output_text", "text", "output_audio", "audio");

    private Items() {}

    /** Whether it has changed. */
    static boolean toGa(JsonNode item) {
        return rename(item, TO_GA);
    }

    static boolean allToGa(JsonNode items) {
        boolean changed = false;
        for (JsonNode item : items) {
            changed |= toGa(item);
        }
        return changed;
    }

    /** Beta clients expect an item to say that it is one. */
    static boolean toBeta(JsonNode item) {
        boolean renamed = rename(item, TO_BETA);
        if (item instanceof ObjectNode object && !object.has("object")) {
            object.put("object", "realtime.item");
            return true;
        }
        return renamed;
    }

    static boolean allToBeta(JsonNode items) {
        boolean changed = false;
        for (JsonNode item : items) {
            changed |= toBeta(item);
        }
        return changed;
    }

    private static boolean rename(JsonNode item, Map<String, String> names) {
        boolean changed = false;
        if ("assistant".equals(item.path("role").textValue())) {
            for (JsonNode content : item.path("content")) {
                String name = content instanceof ObjectNode
                        ? names.get(content.path("type").asText(""))
                        : null;
                if (name != null) {
                    ((ObjectNode) content).put("type", name);
                    changed = true;
                }
            }
        }
        return changed;
    }
}
