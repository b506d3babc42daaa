package dev.parley.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * What the broker needs to know of a session's effective configuration, as {@code session.created} and
 * {@code session.updated} tell it.
 *
 * @param model the model as the provider reports it
 * @param outputTokensMax the session's {@code max_output_tokens}; empty for {@code "inf"}
 * @param textOnly whether responses hold text and no audio
 * @param audioBytesPerMilli of the input format
 * @param outputBytesPerMilli of the output format
 * @param turnDetection null for push to talk
 * @param transcriptionModel null when input audio is not transcribed
 * @param voice by its name or id; null when the event does not tell
 */
public record SessionView(
        @Nullable String id,
        @Nullable String model,
        OptionalInt outputTokensMax,
        boolean textOnly,
        int audioBytesPerMilli,
        int outputBytesPerMilli,
        @Nullable JsonNode turnDetection,
        @Nullable String transcriptionModel,
        @Nullable String voice) {
    /** Of 16-bit samples at 24 kHz, the provider's standard. */
    public static final int PCM_BYTES_PER_MILLI = 48;

    private static final int G711_BYTES_PER_MILLI = 8;
    /** More samples a second than any audio has: the number is not believed. */
    private static final int PCM_RATE_MAX = 768_000;

    /** Reads an event that carries a {@code session}; what is missing has the provider's defaults. */
    public static SessionView of(JsonNode event) {
        JsonNode session = event.path("session");
        JsonNode input = session.path("audio").path("input");
        JsonNode limit = session.path("max_output_tokens");
        JsonNode turns = input.path("turn_detection");
        return new SessionView(
                session.path("id").textValue(),
                session.path("model").textValue(),
                limit.canConvertToInt() ? OptionalInt.of(limit.intValue()) : OptionalInt.empty(),
                onlyText(session.path("output_modalities")),
                bytesPerMilli(input.path("format")),
                bytesPerMilli(session.path("audio").path("output").path("format")),
                turns.isObject() ? turns : null,
                input.path("transcription").path("model").textValue(),
                voice(session.path("audio").path("output").path("voice")));
    }

    /** Whether the provider starts responses by itself. */
    public boolean createsResponses() {
        JsonNode turns = turnDetection;
        return turns != null && createsResponses(turns);
    }

    /** Whether responses start by themselves: at the end of a turn, or when the user is idle. */
    public static boolean createsResponses(JsonNode turnDetection) {
        return turnDetection.isObject()
                && (turnDetection.path("create_response").asBoolean(true)
                        || turnDetection.hasNonNull("idle_timeout_ms"));
    }

    /** The same, but with audio among its output if {@code audio}, and its input no denser than {@code bytesPerMilliMax}. */
    public SessionView atMost(boolean audio, int bytesPerMilliMax) {
        return new SessionView(
                id,
                model,
                outputTokensMax,
                textOnly && !audio,
                Math.min(audioBytesPerMilli, bytesPerMilliMax),
                outputBytesPerMilli,
                turnDetection,
                transcriptionModel,
                voice);
    }

    /** A voice's name, or the id of a voice of the provider's customer; null if neither is there. */
    public static @Nullable String voice(JsonNode voice) {
        return voice.isObject() ? voice.path("id").textValue() : voice.textValue();
    }

    /** Whether {@code output_modalities} is exactly text. */
    public static boolean onlyText(JsonNode modalities) {
        return modalities.size() == 1 && "text".equals(modalities.path(0).textValue());
    }

    /** Bytes of one millisecond in an input format. */
    public static int bytesPerMilli(JsonNode format) {
        String type = format.path("type").asText("audio/pcm");
        if (type.equals("audio/pcmu") || type.equals("audio/pcma")) {
            return G711_BYTES_PER_MILLI;
        }
        int rate = format.path("rate").asInt(0);
        return rate >= 1000 && rate <= PCM_RATE_MAX ? 2 * rate / 1000 : PCM_BYTES_PER_MILLI;
    }
}
