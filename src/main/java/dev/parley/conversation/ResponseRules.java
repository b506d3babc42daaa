package dev.parley.conversation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What the {@code response} of a {@code response.create} may hold; throws {@link ClientError} at the first member that is wrong. */
public final class ResponseRules {
    private static final Map<String, Checks.Member> MEMBERS = Map.ofEntries(
            Map.entry("output_modalities", SharedRules::outputModalities),
            Map.entry("instructions", Checks::textOrNull),
            Map.entry("audio", ResponseRules::audioRule),
            Map.entry("tools", SharedRules::tools),
            Map.entry("tool_choice", SharedRules::toolChoice),
            Map.entry("parallel_tool_calls", Checks::flag),
            Map.entry("reasoning", SharedRules::reasoning),
            Map.entry("max_output_tokens", SharedRules::maxOutputTokens),
            Map.entry("conversation", ResponseRules::conversationRule),
            Map.entry("metadata", ResponseRules::metadataRule),
            Map.entry("prompt", Checks::objectOrNull),
            Map.entry("input", Checks::array));

    private ResponseRules() {}

    public static void check(ObjectNode overrides) {
        Checks.onlyMembers(overrides, "response", MEMBERS.keySet());
        overrides.properties().forEach(member -> {
            Checks.Member rule = MEMBERS.get(member.getKey());
            if (rule != null) {
                rule.check(member.getValue(), "response." + member.getKey());
            }
        });
    }

    /** The items of {@code input}, those of the conversation among them that it refers to. */
    public static List<Item> input(JsonNode given, AudioFormat format, Conversation conversation) {
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
                items.add(ItemRules.read(each, path, format));
            }
        }
        return items;
    }

    private static void audioRule(JsonNode value, String path) {
        ObjectNode audio = Checks.object(value, path);
        Checks.onlyMembers(audio, path, Set.of("output"));
        if (audio.has("output")) {
            ObjectNode output = Checks.object(audio.path("output"), path + ".output");
            Checks.onlyMembers(output, path + ".output", Set.of("format", "voice"));
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
