package dev.parley.conversation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** The three formats of the API, all mono. */
public enum AudioFormat {
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
    public static AudioFormat of(JsonNode format) {
        String name = format.path("type").asText();
        for (AudioFormat candidate : values()) {
            if (candidate.type.equals(name)) {
                return candidate;
            }
        }
        return PCM;
    }

    public ObjectNode toJson() {
        ObjectNode json = Trees.object().put("type", type);
        return this == PCM ? json.put("rate", 24_000) : json;
    }

    public String type() {
        return type;
    }

    /** For messages, such as "mono PCM16 at 24kHz". */
    public String words() {
        return words;
    }

    public int bytesPerMilli() {
        return bytesPerMilli;
    }

    public int samplesPerMilli() {
        return this == PCM ? 24 : 8;
    }

    public int bytesPerSample() {
        return this == PCM ? 2 : 1;
    }

    public int millis(long bytes) {
        return Math.toIntExact(bytes / bytesPerMilli);
    }

    /** The sample that starts at {@code offset}, as linear 16 bit. */
    public int sampleAt(byte[] audio, int offset) {
        return switch (this) {
            case PCM -> (audio[offset] & 0xff) | (audio[offset + 1] << 8);
            case PCMU -> G711.fromUlaw(audio[offset]);
            case PCMA -> G711.fromAlaw(audio[offset]);
        };
    }
}
