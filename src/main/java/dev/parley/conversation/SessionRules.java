package dev.parley.conversation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What {@code session.update} may hold; throws {@link ClientError} at the first member that is wrong. */
public final class SessionRules {
    private static final Map<String, Checks.Member> AUDIO_INPUT = Map.of(
            "format", SharedRules::format,
            "transcription", SessionRules::transcription,
            "noise_reduction", SessionRules::noiseReduction,
            "turn_detection", SessionRules::turnDetection);
    private static final Map<String, Checks.Member> AUDIO_OUTPUT = Map.of(
            "format", SharedRules::format,
            "voice", SharedRules::voice,
            "speed", (value, path) -> Checks.number(value, path, 0.25, 1.5));
    private static final Map<String, Checks.Member> CONVERSATION_AUDIO = Map.of(
            "input", (value, path) -> members(value, path, AUDIO_INPUT),
            "output", (value, path) -> members(value, path, AUDIO_OUTPUT));
    private static final Map<String, Checks.Member> TRANSCRIPTION_AUDIO =
            Map.of("input", (value, path) -> members(value, path, AUDIO_INPUT));
    private static final Map<String, Checks.Member> CONVERSATION = conversation();
    private static final Map<String, Checks.Member> TRANSCRIPTION = Map.of(
            "type", Checks::text,
            "audio", (value, path) -> members(value, path, TRANSCRIPTION_AUDIO),
            "include", SessionRules::include);

    private SessionRules() {}

    public static void check(ObjectNode patch, boolean transcription) {
        members(patch, "session", transcription ? TRANSCRIPTION : CONVERSATION);
    }

    private static Map<String, Checks.Member> conversation() {
        Map<String, Checks.Member> members = new LinkedHashMap<>();
        members.put("type", Checks::text);
        members.put("model", Checks::text);
        members.put("output_modalities", SharedRules::outputModalities);
        members.put("instructions", Checks::textOrNull);
        members.put("tools", SharedRules::tools);
        members.put("tool_choice", SharedRules::toolChoice);
        members.put("max_output_tokens", SharedRules::maxOutputTokens);
        members.put("tracing", SessionRules::tracing);
        members.put("truncation", SessionRules::truncation);
        members.put("prompt", Checks::objectOrNull);
        members.put("audio", (value, path) -> members(value, path, CONVERSATION_AUDIO));
        members.put("include", SessionRules::include);
        members.put("reasoning", SharedRules::reasoning);
        members.put("parallel_tool_calls", Checks::flag);
        return members;
    }

    private static void members(JsonNode value, String path, Map<String, Checks.Member> known) {
        ObjectNode object = Checks.object(value, path);
        Checks.onlyMembers(object, path, known.keySet());
        object.properties().forEach(member -> {
            Checks.Member rule = known.get(member.getKey());
            if (rule != null) {
                rule.check(member.getValue(), path + "." + member.getKey());
            }
        });
    }

    private static void transcription(JsonNode value, String path) {
        if (value.isNull()) {
            return;
        }
        ObjectNode transcription = Checks.object(value, path);
        Checks.onlyMembers(
                transcription, path, Set.of("model", "language", "languages", "keywords", "prompt", "delay"));
        Checks.optionalText(transcription, "model", path + ".model");
    }

    private static void noiseReduction(JsonNode value, String path) {
        if (!value.isNull()) {
            ObjectNode reduction = Checks.object(value, path);
            Checks.onlyMembers(reduction, path, Set.of("type"));
            Checks.requiredText(reduction, "type", path + ".type");
            Checks.choice(reduction.path("type"), path + ".type", List.of("near_field", "far_field"));
        }
    }

    private static void turnDetection(JsonNode value, String path) {
        if (value.isNull()) {
            return;
        }
        ObjectNode detection = Checks.object(value, path);
        if (detection.has("type")) {
            Checks.choice(detection.path("type"), path + ".type", List.of("server_vad", "semantic_vad"));
        }
        boolean semantic = detection.path("type").asText("server_vad").equals("semantic_vad");
        Checks.onlyMembers(detection, path, semantic ? TurnDetection.SEMANTIC_MEMBERS : TurnDetection.SERVER_MEMBERS);
        detection.properties().forEach(member -> turnDetection(member.getKey(), member.getValue(), path));
    }

    private static void turnDetection(String name, JsonNode value, String path) {
        String at = path + "." + name;
        switch (name) {
            case "threshold" -> Checks.number(value, at, 0, 1);
            case "prefix_padding_ms", "silence_duration_ms" -> Checks.integer(value, at, 0, 60_000);
            case "idle_timeout_ms" -> {
                if (!value.isNull()) {
                    Checks.integer(value, at, 5_000, 30_000);
                }
            }
            case "create_response", "interrupt_response" -> Checks.flag(value, at);
            case "eagerness" -> Checks.choice(value, at, List.of("low", "medium", "high", "auto"));
            default -> {}
        }
    }

    private static void include(JsonNode value, String path) {
        if (!value.isNull()) {
            Checks.array(value, path);
            value.forEach(
                    each -> Checks.choice(each, path + "[0]", List.of("item.input_audio_transcription.logprobs")));
        }
    }

    private static void tracing(JsonNode value, String path) {
        if (value.isTextual()) {
            Checks.choice(value, path, List.of("auto"));
        } else {
            Checks.objectOrNull(value, path);
        }
    }

    private static void truncation(JsonNode value, String path) {
        if (value.isTextual()) {
            Checks.choice(value, path, List.of("auto", "disabled"));
            return;
        }
        ObjectNode truncation = Checks.object(value, path);
        Checks.requiredText(truncation, "type", path + ".type");
        Checks.choice(truncation.path("type"), path + ".type", List.of("retention_ratio"));
        Checks.number(truncation.path("retention_ratio"), path + ".retention_ratio", 0, 1);
    }
}
