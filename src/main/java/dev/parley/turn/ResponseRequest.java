package dev.parley.turn;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BinaryNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.ClientError;
import dev.parley.conversation.Item;
import dev.parley.conversation.Trees;
import dev.parley.protocol.Json;
import dev.parley.session.AudioMeter;
import dev.parley.session.InputTokens;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The {@code response.create} that travels upstream: out of band, with the whole of its input and all of its settings. Items
 * go without their ids, so that sessions which share an upstream session may use the same ones. Pure.
 */
final class ResponseRequest {
    private final byte[] response;
    private final InputTokens input;

    private ResponseRequest(byte[] response, InputTokens input) {
        this.response = response;
        this.input = input;
    }

    /**
     * Throws {@link ClientError} when it would be larger than {@code bytesMax}.
     *
     * @param contextTokensMax what an image is counted as, at most
     */
    static ResponseRequest of(
            TurnSettings settings, ObjectNode overrides, List<Item> items, long contextTokensMax, int bytesMax) {
        byte[] response = Trees.writeBytes(response(settings, overrides, items), bytesMax)
                .orElseThrow(() -> ClientError.wrongValue(
                        "response", "A response reads at most " + bytesMax + " bytes of input and settings."));
        long audioChars = 0;
        long audioMillis = 0;
        long imageChars = 0;
        int images = 0;
        for (Item item : items) {
            byte[] audio = item.audio();
            if (audio != null && !item.isAssistantMessage()) {
                audioChars += Math.ceilDiv(audio.length, 3) * 4L;
                audioMillis += item.audioMillis();
            }
            for (JsonNode part : item.content()) {
                if (part.has("image_url")) {
                    imageChars += part.path("image_url").asText().length();
                    images++;
                }
            }
        }
        long text = Math.max(0, response.length - audioChars - imageChars);
        return new ResponseRequest(
                response, new InputTokens(text, AudioMeter.tokens(audioMillis), images * contextTokensMax));
    }

    /** What the response reads, at most: no tokenizer makes more tokens than bytes. */
    InputTokens input() {
        return input;
    }

    int bytes() {
        return response.length;
    }

    /** The event, with what is known only when it is sent. */
    Buffer event(String correlation, int outputTokensMax) {
        String id = Json.quoted(correlation);
        String head = "{\"type\":\"response.create\",\"event_id\":" + id + ",\"response\":{\"metadata\":{\""
                + SharedUpstream.CORRELATION + "\":" + id + "},\"max_output_tokens\":" + outputTokensMax + ',';
        return Buffer.buffer(head.length() + response.length + 1)
                .appendString(head)
                .appendBytes(response, 1, response.length - 1)
                .appendString("}");
    }

    /** The response with the session's settings under the overrides of the client. */
    private static ObjectNode response(TurnSettings settings, ObjectNode overrides, List<Item> items) {
        ObjectNode response = settings.forResponse();
        for (String member :
                new String[] {"output_modalities", "tools", "tool_choice", "parallel_tool_calls", "reasoning", "prompt"
                }) {
            if (overrides.has(member)) {
                response.set(member, overrides.path(member));
            }
        }
        if (overrides.path("instructions").isTextual()) {
            response.set("instructions", overrides.path("instructions"));
        }
        if (overrides.at("/audio/output") instanceof ObjectNode output
                && response.at("/audio/output") instanceof ObjectNode own) {
            own.setAll(output);
        }
        response.put("conversation", "none");
        ArrayNode input = response.putArray("input");
        items.forEach(item -> sent(item).ifPresent(input::add));
        return response;
    }

    /** An item as input of a response; empty when nothing of it is left. */
    static Optional<ObjectNode> sent(Item item) {
        ObjectNode json = item.json();
        return switch (item.type()) {
            case "message" -> message(item);
            case "function_call" -> Optional.of(only(json, "type", "name", "call_id", "arguments"));
            case "function_call_output" -> Optional.of(only(json, "type", "call_id", "output"));
            default -> Optional.empty();
        };
    }

    private static Optional<ObjectNode> message(Item item) {
        ObjectNode message = only(item.json(), "type", "role");
        ArrayNode content = message.putArray("content");
        boolean audioSent = false;
        for (JsonNode part : item.content()) {
            switch (part.path("type").asText()) {
                case "input_audio" -> {
                    byte[] audio = item.audio();
                    if (audio != null && !audioSent) {
                        audioSent = true;
                        content.addObject().put("type", "input_audio").set("audio", BinaryNode.valueOf(audio));
                    }
                }
                case "output_audio" -> addText(content, item.heard()); // nobody can give the provider assistant audio
                case "output_text" -> addText(content, part.path("text").textValue());
                default -> content.add(part);
            }
        }
        return content.isEmpty() ? Optional.empty() : Optional.of(message);
    }

    private static void addText(ArrayNode content, @Nullable String text) {
        if (text != null && !text.isEmpty()) {
            content.addObject().put("type", "output_text").put("text", text);
        }
    }

    private static ObjectNode only(ObjectNode json, String... members) {
        ObjectNode copy = Trees.object();
        for (String member : members) {
            copy.set(member, json.path(member));
        }
        return copy;
    }
}
