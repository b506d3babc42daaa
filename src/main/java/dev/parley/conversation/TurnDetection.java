package dev.parley.conversation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;

/**
 * How turns are found, read from the effective session. {@code semantic_vad} is approximated: the same energy detection with a
 * silence that depends on the eagerness, within the documented maximum waits of 8, 4 and 2 seconds.
 *
 * @param idleTimeoutMillis 0 is off
 */
public record TurnDetection(
        double threshold,
        int prefixPaddingMillis,
        int silenceMillis,
        int idleTimeoutMillis,
        boolean createsResponse,
        boolean interruptsResponse) {
    static final Set<String> SERVER_MEMBERS = Set.of(
            "type",
            "threshold",
            "prefix_padding_ms",
            "silence_duration_ms",
            "idle_timeout_ms",
            "create_response",
            "interrupt_response");
    static final Set<String> SEMANTIC_MEMBERS = Set.of("type", "eagerness", "create_response", "interrupt_response");

    private static final double SEMANTIC_THRESHOLD = 0.5;
    private static final int SEMANTIC_PREFIX_MILLIS = 300;

    public static ObjectNode serverDefaults() {
        return Trees.object()
                .put("type", "server_vad")
                .put("threshold", 0.5)
                .put("prefix_padding_ms", 300)
                .put("silence_duration_ms", 200)
                .putNull("idle_timeout_ms")
                .put("create_response", true)
                .put("interrupt_response", true);
    }

    public static ObjectNode semanticDefaults() {
        return Trees.object()
                .put("type", "semantic_vad")
                .put("eagerness", "auto")
                .put("create_response", true)
                .put("interrupt_response", true);
    }

    public static TurnDetection of(JsonNode effective) {
        boolean creates = effective.path("create_response").asBoolean(true);
        boolean interrupts = effective.path("interrupt_response").asBoolean(true);
        if (effective.path("type").asText().equals("semantic_vad")) {
            int silence = switch (effective.path("eagerness").asText()) {
                case "low" -> 1_600;
                case "high" -> 400;
                default -> 800;
            };
            return new TurnDetection(SEMANTIC_THRESHOLD, SEMANTIC_PREFIX_MILLIS, silence, 0, creates, interrupts);
        }
        return new TurnDetection(
                effective.path("threshold").asDouble(),
                effective.path("prefix_padding_ms").asInt(),
                effective.path("silence_duration_ms").asInt(),
                effective.path("idle_timeout_ms").asInt(0),
                creates,
                interrupts);
    }
}
