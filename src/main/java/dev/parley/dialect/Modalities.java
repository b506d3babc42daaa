package dev.parley.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;

/** What a response consists of. In GA audio always has its transcript, so "audio and text" is audio there. */
final class Modalities {
    private static final String AUDIO = "audio";

    private Modalities() {}

    static boolean hasAudio(JsonNode modalities) {
        for (JsonNode modality : modalities) {
            if (AUDIO.equals(modality.textValue())) {
                return true;
            }
        }
        return false;
    }

    /** What is neither text nor audio stays as it is, for the provider to refuse. */
    static JsonNode toGa(JsonNode beta) {
        return hasAudio(beta) ? list(AUDIO) : beta;
    }

    /** @param asked what the client calls audio */
    static JsonNode toBeta(JsonNode ga, JsonNode asked) {
        return hasAudio(ga) ? asked : ga;
    }

    static ArrayNode list(String... names) {
        ArrayNode list = JsonNodeFactory.instance.arrayNode();
        for (String name : names) {
            list.add(name);
        }
        return list;
    }
}
