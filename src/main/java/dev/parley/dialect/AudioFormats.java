package dev.parley.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;

/** A name in the beta, an object in GA. What neither knows stays as it is. */
final class AudioFormats {
    private static final int PCM_RATE = 24_000;

    private AudioFormats() {}

    static JsonNode toGa(JsonNode format) {
        return switch (format.asText("")) {
            case "pcm16" -> named("audio/pcm").put("rate", PCM_RATE);
            case "g711_ulaw" -> named("audio/pcmu");
            case "g711_alaw" -> named("audio/pcma");
            default -> format;
        };
    }

    static JsonNode toBeta(JsonNode format) {
        return switch (format.path("type").asText("")) {
            case "audio/pcm" -> TextNode.valueOf("pcm16");
            case "audio/pcmu" -> TextNode.valueOf("g711_ulaw");
            case "audio/pcma" -> TextNode.valueOf("g711_alaw");
            default -> format;
        };
    }

    private static ObjectNode named(String type) {
        return JsonNodeFactory.instance.objectNode().put("type", type);
    }
}
