package dev.parley.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a response is to be: the session's settings with the overrides of {@code response.create}.
 *
 * @param overridden instructions of this response only, null without
 * @param maxOutputTokens an integer or "inf"
 * @param outOfBand {@code conversation:"none"}: not written to the default conversation
 * @param input items in place of the conversation; null takes the conversation
 */
record ResponseRequest(
        boolean audio,
        String instructions,
        @Nullable String overridden,
        AudioFormat format,
        JsonNode voice,
        ArrayNode tools,
        JsonNode toolChoice,
        JsonNode maxOutputTokens,
        boolean outOfBand,
        @Nullable JsonNode metadata,
        @Nullable List<Item> input) {
    private static final Map<String, Checks.Member> MEMBERS = Map.ofEntries(
            Map.entry("output_modalities", SharedRules::outputModalities),
            Map.entry("instructions", Checks::textOrNull),
            Map.entry("audio", ResponseRequest::audioRule),
            Map.entry("tools", SharedRules::tools),
            Map.entry("tool_choice", SharedRules::toolChoice),
            Map.entry("parallel_tool_calls", Checks::flag),
            Map.entry("reasoning", SharedRules::reasoning),
            Map.entry("max_output_tokens", SharedRules::maxOutputTokens),
            Map.entry("conversation", ResponseRequest::conversationRule),
            Map.entry("metadata", ResponseRequest::metadataRule),
            Map.entry("prompt", Checks::objectOrNull),
            Map.entry("input", Checks::array));

    /** Without overrides: as voice activity creates it. */
    static ResponseRequest automatic(SessionState state) {
        return merged(Json.object(), state, null);
    }

    static ResponseRequest read(ObjectNode overrides, SessionState state, Conversation conversation) {
        Checks.onlyMembers(overrides, "response", MEMBERS.keySet());
        overrides.properties().forEach(member -> {
            Checks.Member rule = MEMBERS.get(member.getKey());
            if (rule != null) {
                rule.check(member.getValue(), "response." + member.getKey());
            }
        });
        List<Item> input = overrides.has("input") ? input(overrides.path("input"), state, conversation) : null;
        return merged(overrides, state, input);
    }

    int outputTokensMax() {
        return maxOutputTokens.isInt() ? maxOutputTokens.intValue() : Integer.MAX_VALUE;
    }

    private static ResponseRequest merged(ObjectNode overrides, SessionState state, @Nullable List<Item> input) {
        ObjectNode session = state.effective();
        JsonNode output = overrides.path("audio").path("output");
        JsonNode sessionOutput = session.path("audio").path("output");
        String overridden = overrides.path("instructions").textValue();
        JsonNode tools = either(overrides, session, "tools");
        return new ResponseRequest(
                either(overrides, session, "output_modalities").path(0).asText().equals("audio"),
                overridden != null ? overridden : session.path("instructions").asText(""),
                overridden,
                AudioFormat.of(output.has("format") ? output.path("format") : sessionOutput.path("format")),
                output.has("voice") ? output.path("voice") : sessionOutput.path("voice"),
                tools instanceof ArrayNode list ? list : Json.array(),
                either(overrides, session, "tool_choice"),
                either(overrides, session, "max_output_tokens"),
                overrides.path("conversation").asText("auto").equals("none"),
                overrides.get("metadata"),
                input);
    }

    private static JsonNode either(ObjectNode overrides, ObjectNode session, String name) {
        return overrides.has(name) ? overrides.path(name) : session.path(name);
    }

    private static List<Item> input(JsonNode given, SessionState state, Conversation conversation) {
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < given.size(); i++) {
            String path = "response.input[" + i + "]";
            JsonNode each = given.path(i);
            if (each.path("type").asText().equals("item_reference")) {
                String id = Checks.requiredText(each, "id", path + ".id");
                Item item = conversation.find(id);
                if (item == null) {
                    throw ClientError.wrongValue(path + ".id", "Item with id '" + id + "' not found.");
                }
                items.add(item);
            } else {
                items.add(ItemRules.read(each, path, state.inputFormat()));
            }
        }
        return items;
    }

    private static void audioRule(JsonNode value, String path) {
        ObjectNode audio = Checks.object(value, path);
        Checks.onlyMembers(audio, path, java.util.Set.of("output"));
        if (audio.has("output")) {
            ObjectNode output = Checks.object(audio.path("output"), path + ".output");
            Checks.onlyMembers(output, path + ".output", java.util.Set.of("format", "voice"));
            if (output.has("format")) {
                SharedRules.format(output.path("format"), path + ".output.format");
            }
            if (output.has("voice")) {
                SharedRules.voice(output.path("voice"), path + ".output.voice");
            }
        }
    }

    private static void conversationRule(JsonNode value, String path) {
        if (!value.isNull()) {
            Checks.choice(value, path, List.of("auto", "none"));
        }
    }

    private static void metadataRule(JsonNode value, String path) {
        if (value.isNull()) {
            return;
        }
        ObjectNode metadata = Checks.object(value, path);
        if (metadata.size() > 16) {
            throw ClientError.wrongValue(path, "Metadata holds at most 16 pairs, got " + metadata.size() + ".");
        }
        metadata.properties().forEach(pair -> {
            String text = Checks.text(pair.getValue(), path + "." + pair.getKey());
            if (pair.getKey().length() > 64 || text.length() > 512) {
                throw ClientError.wrongValue(path, "Metadata keys have at most 64 characters, and values at most 512.");
            }
        });
    }
}
