package dev.parley.conversation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Set;

/** Rules of members that stand both in a session and in {@code response.create}. */
public final class SharedRules {
    private static final List<String> VOICES =
            List.of("alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar");
    private static final int OUTPUT_TOKENS_MAX = 4_096;

    private SharedRules() {}

    public static void outputModalities(JsonNode value, String path) {
        Checks.array(value, path);
        for (JsonNode each : value) {
            Checks.choice(each, path + "[0]", List.of("text", "audio"));
        }
        if (value.size() != 1) {
            throw ClientError.wrongValue(
                    path, "Invalid modalities: " + value + ". Supported combinations are: ['text'] and ['audio'].");
        }
    }

    public static void maxOutputTokens(JsonNode value, String path) {
        if (value.isTextual()) {
            Checks.choice(value, path, List.of("inf"));
            return;
        }
        Checks.integer(value, path, 1, OUTPUT_TOKENS_MAX);
    }

    public static void format(JsonNode value, String path) {
        ObjectNode format = Checks.object(value, path);
        Checks.onlyMembers(format, path, Set.of("type", "rate"));
        Checks.requiredText(format, "type", path + ".type");
        Checks.choice(format.path("type"), path + ".type", List.of("audio/pcm", "audio/pcmu", "audio/pcma"));
        if (format.has("rate")) {
            Checks.integer(format.path("rate"), path + ".rate", 24_000, 24_000);
        }
    }

    public static void voice(JsonNode value, String path) {
        if (value.isObject()) {
            Checks.requiredText(value, "id", path + ".id");
            return;
        }
        Checks.choice(value, path, VOICES);
    }

    public static void tools(JsonNode value, String path) {
        Checks.array(value, path);
        for (int i = 0; i < value.size(); i++) {
            String at = path + "[" + i + "]";
            ObjectNode tool = Checks.object(value.path(i), at);
            Checks.requiredText(tool, "type", at + ".type");
            Checks.choice(tool.path("type"), at + ".type", List.of("function", "mcp"));
            if (tool.path("type").asText().equals("function")) {
                Checks.onlyMembers(tool, at, Set.of("type", "name", "description", "parameters"));
                Checks.requiredText(tool, "name", at + ".name");
            } else {
                Checks.requiredText(tool, "server_label", at + ".server_label");
            }
        }
    }

    public static void toolChoice(JsonNode value, String path) {
        if (value.isTextual()) {
            Checks.choice(value, path, List.of("auto", "none", "required"));
            return;
        }
        ObjectNode choice = Checks.object(value, path);
        Checks.requiredText(choice, "type", path + ".type");
        Checks.choice(choice.path("type"), path + ".type", List.of("function", "mcp"));
    }

    public static void reasoning(JsonNode value, String path) {
        if (value.isNull()) {
            return;
        }
        ObjectNode reasoning = Checks.object(value, path);
        Checks.onlyMembers(reasoning, path, Set.of("effort"));
        if (reasoning.hasNonNull("effort")) {
            Checks.choice(
                    reasoning.path("effort"), path + ".effort", List.of("minimal", "low", "medium", "high", "xhigh"));
        }
    }
}
