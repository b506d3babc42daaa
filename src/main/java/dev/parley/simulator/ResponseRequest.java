package dev.parley.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.AudioFormat;
import dev.parley.conversation.Conversation;
import dev.parley.conversation.Item;
import dev.parley.conversation.ResponseRules;
import dev.parley.conversation.SessionState;
import dev.parley.conversation.Trees;
import java.util.List;
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
    /** Without overrides: as voice activity creates it. */
    static ResponseRequest automatic(SessionState state) {
        return merged(Trees.object(), state, null);
    }

    static ResponseRequest read(ObjectNode overrides, SessionState state, Conversation conversation) {
        ResponseRules.check(overrides);
        List<Item> input = overrides.has("input")
                ? ResponseRules.input(overrides.path("input"), state.inputFormat(), conversation)
                : null;
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
                tools instanceof ArrayNode list ? list : Trees.array(),
                either(overrides, session, "tool_choice"),
                either(overrides, session, "max_output_tokens"),
                overrides.path("conversation").asText("auto").equals("none"),
                overrides.get("metadata"),
                input);
    }

    private static JsonNode either(ObjectNode overrides, ObjectNode session, String name) {
        return overrides.has(name) ? overrides.path(name) : session.path(name);
    }
}
