package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;

/**
 * Makes of a session's settings, as its provider told them last, the {@code session} of an update that gives them to another
 * upstream: what differs from how that one begins, and always what costs money. Pure.
 */
final class SettingsReplay {
    /** Facts of one upstream, which are nobody's settings. */
    private static final Set<String> FACTS =
            Set.of("type", "object", "id", "model", "expires_at", "client_secret", "audio");

    /** The broker itself changes these at the beginning of a session. */
    private static final Set<String> ALWAYS = Set.of("max_output_tokens", "turn_detection", "transcription");

    private SettingsReplay() {}

    /**
     * Whether another upstream can be given these settings: a provider does not tell what its tools were given to
     * authorize themselves with.
     */
    static boolean isPossible(JsonNode told) {
        for (JsonNode tool : told.path("tools")) {
            if (tool.path("type").asText("").equals("mcp")) {
                return false;
            }
        }
        return true;
    }

    /**
     * @param told the session as the client knows it
     * @param created the session as the other upstream begins
     */
    static ObjectNode update(JsonNode told, JsonNode created) {
        ObjectNode update = JsonNodeFactory.instance.objectNode();
        update.put("type", told.path("type").asText("realtime"));
        differing(told, created, update);
        for (String side : Set.of("input", "output")) {
            ObjectNode changed = JsonNodeFactory.instance.objectNode();
            differing(told.path("audio").path(side), created.path("audio").path(side), changed);
            if (!changed.isEmpty()) {
                update.withObject("/audio").set(side, changed);
            }
        }
        return update;
    }

    private static void differing(JsonNode told, JsonNode created, ObjectNode into) {
        told.properties().forEach(member -> {
            String name = member.getKey();
            boolean differs = !member.getValue().equals(created.path(name));
            if (!FACTS.contains(name) && (differs || ALWAYS.contains(name))) {
                into.set(name, member.getValue());
            }
        });
    }
}
