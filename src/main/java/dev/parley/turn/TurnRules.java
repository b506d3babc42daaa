package dev.parley.turn;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import java.util.Optional;

/** What needs an upstream session of one's own, and is refused in turn mode. Pure. */
final class TurnRules {
    private static final String INPUT = "session.audio.input.";

    private TurnRules() {}

    /** Why a {@code session} cannot be had, or empty. */
    static Optional<Refusal> ofSession(JsonNode session) {
        JsonNode input = session.at("/audio/input");
        if (input.hasNonNull("turn_detection")) {
            return Optional.of(Refusal.of(
                            Kind.BAD_REQUEST,
                            "turn_detection_not_supported",
                            "This session is in turn mode, in which nobody listens for the end of a turn: set turn_detection to"
                                    + " null, commit the input audio buffer, and create each response.")
                    .param(INPUT + "turn_detection"));
        }
        if (input.hasNonNull("transcription")) {
            return refused(INPUT + "transcription", "Transcription of input audio");
        }
        if (input.hasNonNull("noise_reduction")) {
            return refused(INPUT + "noise_reduction", "Noise reduction");
        }
        if (session.hasNonNull("tracing")) {
            return refused("session.tracing", "Tracing");
        }
        return session.hasNonNull("include")
                ? refused("session.include", "Including logprobs")
                : ofTools(session, "session");
    }

    /** Why a {@code response} cannot be had, or empty. */
    static Optional<Refusal> ofResponse(JsonNode response) {
        int index = 0;
        for (JsonNode item : response.path("input")) {
            Optional<Refusal> refusal = ofItem(item, "response.input[" + index++ + ']');
            if (refusal.isPresent()) {
                return refusal;
            }
        }
        return ofTools(response, "response");
    }

    /** Why an item cannot be in a conversation, or empty. */
    static Optional<Refusal> ofItem(JsonNode item, String where) {
        return item.path("type").asText().startsWith("mcp_") ? refused(where + ".type", "MCP items") : Optional.empty();
    }

    private static Optional<Refusal> ofTools(JsonNode object, String where) {
        int index = 0;
        for (JsonNode tool : object.path("tools")) {
            if ("mcp".equals(tool.path("type").textValue())) {
                return refused(where + ".tools[" + index + ']', "MCP tools");
            }
            index++;
        }
        return Optional.empty();
    }

    private static Optional<Refusal> refused(String param, String what) {
        return Optional.of(Refusal.of(
                        Kind.BAD_REQUEST,
                        "not_supported_in_turn_mode",
                        what + " cannot be used in turn mode, which this session is in.")
                .param(param));
    }
}
