package dev.parley.conversation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads an item of a client, from {@code conversation.item.create} or from the input of a response. */
public final class ItemRules {
    private static final int ID_LENGTH_MAX = 32;
    private static final List<String> TYPES = List.of(
            "message", "function_call", "function_call_output", "mcp_approval_response", "mcp_list_tools", "mcp_call");

    private ItemRules() {}

    /** The item as events show it, with the id, status and audio that it has from now on. */
    public static Item read(JsonNode value, String path, AudioFormat format) {
        ObjectNode item = Checks.object(value, path);
        String type = Checks.requiredText(item, "type", path + ".type");
        Checks.choice(item.path("type"), path + ".type", TYPES);
        ObjectNode json = Trees.object().put("id", idOf(item, path)).put("type", type);
        if (!type.equals("mcp_approval_response")) {
            json.put("status", "completed");
        }
        ByteArrayOutputStream audio = new ByteArrayOutputStream();
        switch (type) {
            case "message" -> message(item, json, path, audio, format);
            case "function_call" -> {
                json.put("name", Checks.requiredText(item, "name", path + ".name"));
                String callId = Checks.optionalText(item, "call_id", path + ".call_id");
                json.put("call_id", callId == null ? Ids.next("call_") : callId);
                json.put("arguments", Checks.requiredText(item, "arguments", path + ".arguments"));
            }
            case "function_call_output" -> {
                json.put("call_id", Checks.requiredText(item, "call_id", path + ".call_id"));
                json.put("output", Checks.requiredText(item, "output", path + ".output"));
            }
            default -> item.properties().forEach(member -> json.putIfAbsent(member.getKey(), member.getValue()));
        }
        byte[] bytes = audio.toByteArray();
        return new Item(json, format, bytes.length == 0 ? null : bytes, format.millis(bytes.length));
    }

    /** Decodes what must be base64 of audio. */
    public static byte[] audio(String base64, String param, AudioFormat format) {
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw ClientError.wrongValue(
                    param,
                    "Invalid '" + param + "'. Expected base64-encoded audio bytes (" + format.words()
                            + ") but got an invalid value.");
        }
    }

    private static String idOf(ObjectNode item, String path) {
        @Nullable String id = Checks.optionalText(item, "id", path + ".id");
        if (id == null) {
            return Ids.next("item_");
        }
        if (id.length() > ID_LENGTH_MAX) {
            throw new ClientError(
                    "string_above_max_length",
                    "Invalid '" + path + ".id': string too long. Expected a string with maximum length " + ID_LENGTH_MAX
                            + ", but got a string with length " + id.length() + " instead.",
                    path + ".id");
        }
        return id;
    }

    private static void message(
            ObjectNode item, ObjectNode json, String path, ByteArrayOutputStream audio, AudioFormat format) {
        String role = Checks.requiredText(item, "role", path + ".role");
        Checks.choice(item.path("role"), path + ".role", List.of("system", "user", "assistant"));
        json.put("role", role);
        if (!item.has("content")) {
            throw ClientError.missing(path + ".content");
        }
        Checks.array(item.path("content"), path + ".content");
        var parts = json.putArray("content");
        for (int i = 0; i < item.path("content").size(); i++) {
            String at = path + ".content[" + i + "]";
            ObjectNode part = Checks.object(item.path("content").path(i), at);
            parts.add(part(part, at, role, audio, format));
        }
    }

    private static ObjectNode part(
            ObjectNode part, String at, String role, ByteArrayOutputStream audio, AudioFormat format) {
        String type = Checks.requiredText(part, "type", at + ".type");
        List<String> allowed = switch (role) {
            case "user" -> List.of("input_text", "input_audio", "input_image");
            case "assistant" -> List.of("output_text", "output_audio");
            default -> List.of("input_text");
        };
        Checks.choice(part.path("type"), at + ".type", allowed);
        ObjectNode shown = Trees.object().put("type", type);
        switch (type) {
            case "input_audio" -> {
                audio.writeBytes(audio(Checks.requiredText(part, "audio", at + ".audio"), at + ".audio", format));
                shown.set("transcript", part.path("transcript").isTextual() ? part.path("transcript") : null);
            }
            case "output_audio" -> {
                if (part.hasNonNull("audio")) {
                    throw ClientError.wrongValue(at + ".audio", "Assistant audio cannot be created by the client.");
                }
                shown.put("transcript", Checks.requiredText(part, "transcript", at + ".transcript"));
            }
            case "input_image" -> {
                shown.put("image_url", Checks.requiredText(part, "image_url", at + ".image_url"));
                shown.put("detail", part.path("detail").asText("auto"));
            }
            default -> shown.put("text", Checks.requiredText(part, "text", at + ".text"));
        }
        return shown;
    }
}
