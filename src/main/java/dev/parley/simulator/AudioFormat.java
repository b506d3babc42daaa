package dev.parley.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** The three formats of the API, all mono. */
enum AudioFormat {
    PCM("audio/pcm", 48, "mono PCM16 at 24kHz"),
    PCMU("audio/pcmu", 8, "mono G.711 u-law at 8kHz"),
    PCMA("audio/pcma", 8, "mono G.711 a-law at 8kHz");

    private final String type;
    private final int bytesPerMilli;
    private final String words;

    AudioFormat(String type, int bytesPerMilli, String words) {
        this.type = type;
        this.bytesPerMilli = bytesPerMilli;
        this.words = words;
    }

    /** The format of an effective {@code {"type":…}}; anything unknown is PCM, because it was checked before. */
    static AudioFormat of(JsonNode format) {
        String name = format.path("type").asText();
        for (AudioFormat candidate : values()) {
            if (candidate.type.equals(name)) {
                return candidate;
            }
        }
        return PCM;
    }

    ObjectNode toJson() {
        ObjectNode json = Json.object().put("type", type);
        return this == PCM ? json.put("rate", 24_000) : json;
    }

    String type() {
        return type;
    }

    /** For messages, such as "mono PCM16 at 24kHz". */
    String words() {
        return words;
    }

    int bytesPerMilli() {
        return bytesPerMilli;
    }

    int samplesPerMilli() {
        return this == PCM ? 24 : 8;
    }

    int bytesPerSample() {
        return this == PCM ? 2 : 1;
    }

    int millis(long bytes) {
        return Math.toIntExact(bytes / bytesPerMilli);
    }

    /** The sample that starts at {@code offset}, as linear 16 bit. */
    int sampleAt(byte[] audio, int offset) {
        return switch (this) {
            case PCM -> (audio[offset] & 0xff) | (audio[offset + 1] << 8);
            case PCMU -> G711.fromUlaw(audio[offset]);
            case PCMA -> G711.fromAlaw(audio[offset]);
        };
    }
}
