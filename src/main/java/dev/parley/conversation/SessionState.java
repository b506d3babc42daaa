package dev.parley.conversation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The effective session: what {@code session.created} and {@code session.updated} show. Updates merge by presence (absent is
 * unchanged, null is a value) and are whole or not at all. Confined to the session's event loop.
 */
public final class SessionState {
    private static final String INSTRUCTIONS =
            "Your knowledge cutoff is 2025-10. You are a helpful, witty, and friendly AI. Act like a human, but remember that you"
                    + " aren't a human. Talk quickly. You should always call a function if you can.";
    /** Objects whose members merge one by one; every other member is replaced. */
    private static final Set<String> MERGED = Set.of("audio", "input", "output", "transcription", "reasoning");

    private final boolean transcription;
    private ObjectNode effective;

    private SessionState(boolean transcription, ObjectNode effective) {
        this.transcription = transcription;
        this.effective = effective;
    }

    public static SessionState conversation(String model, Duration max) {
        return conversation(Ids.next("sess_"), model, max, TurnDetection.serverDefaults());
    }

    /** A conversation in which the client finds the turns itself. */
    public static SessionState pushToTalk(String id, String model, Duration max) {
        return conversation(id, model, max, NullNode.getInstance());
    }

    private static SessionState conversation(String id, String model, Duration max, JsonNode turnDetection) {
        ObjectNode session = Trees.object()
                .put("type", "realtime")
                .put("object", "realtime.session")
                .put("id", id)
                .put("model", model);
        session.putArray("output_modalities").add("audio");
        session.put("instructions", INSTRUCTIONS);
        session.putArray("tools");
        session.put("tool_choice", "auto")
                .put("max_output_tokens", "inf")
                .putNull("tracing")
                .put("truncation", "auto")
                .putNull("prompt")
                .put("expires_at", Instant.now().plus(max).getEpochSecond());
        ObjectNode audio = session.putObject("audio");
        audio.set("input", audioInput(turnDetection));
        audio.set(
                "output",
                Trees.object()
                        .<ObjectNode>set("format", AudioFormat.PCM.toJson())
                        .put("voice", "marin")
                        .put("speed", 1.0));
        session.putNull("include");
        if (reasons(model)) {
            session.putObject("reasoning").put("effort", "low");
            session.put("parallel_tool_calls", true);
        }
        return new SessionState(false, session);
    }

    /** Whether a model has reasoning, parallel tool calls and phases. */
    public static boolean reasons(String model) {
        return model.startsWith("gpt-realtime-2.") || model.equals("gpt-realtime-2");
    }

    public static SessionState transcription(Duration max) {
        ObjectNode session = Trees.object()
                .put("type", "transcription")
                .put("object", "realtime.transcription_session")
                .put("id", Ids.next("sess_"));
        session.putObject("audio").set("input", audioInput(TurnDetection.serverDefaults()));
        session.putNull("include").put("expires_at", Instant.now().plus(max).getEpochSecond());
        return new SessionState(true, session);
    }

    /**
     * Merges {@code patch} or throws {@link ClientError} and changes nothing.
     *
     * @param audioSpoken whether the assistant has spoken, which locks the voice
     */
    public void update(ObjectNode patch, boolean audioSpoken) {
        String type = Checks.requiredText(patch, "type", "session.type");
        if (!type.equals(transcription ? "transcription" : "realtime")) {
            throw wrongType(type);
        }
        SessionRules.check(patch, transcription);
        if (patch.has("model") && !patch.path("model").equals(effective.path("model"))) {
            throw ClientError.wrongValue(
                    "session.model", "The model of a session cannot be changed. It is '" + model() + "'.");
        }
        ObjectNode merged = effective.deepCopy();
        merge(merged, patch);
        if (audioSpoken && !voiceOf(merged).equals(voiceOf(effective))) {
            throw new ClientError(
                    "cannot_update_voice",
                    "Cannot update a conversation's voice if assistant audio is present.",
                    "session.audio.output.voice");
        }
        if (!effective.path("tracing").isNull() && !merged.path("tracing").equals(effective.path("tracing"))) {
            throw ClientError.wrongValue("session.tracing", "Tracing cannot be changed once it is set.");
        }
        effective = merged;
    }

    public ObjectNode effective() {
        return effective;
    }

    public String id() {
        return effective.path("id").asText();
    }

    /** The model of a conversation; empty for a transcription session. */
    public String model() {
        return effective.path("model").asText("");
    }

    public boolean isTranscription() {
        return transcription;
    }

    public AudioFormat inputFormat() {
        return AudioFormat.of(effective.at("/audio/input/format"));
    }

    /** Null when the client finds the turns itself. */
    @Nullable
    public TurnDetection turnDetection() {
        JsonNode detection = effective.at("/audio/input/turn_detection");
        return detection.isObject() ? TurnDetection.of(detection) : null;
    }

    /** The {@code transcription} object, when one with a model is set. */
    public Optional<JsonNode> inputTranscription() {
        JsonNode settings = effective.at("/audio/input/transcription");
        return settings.hasNonNull("model") ? Optional.of(settings) : Optional.empty();
    }

    private ClientError wrongType(String type) {
        if (!type.equals("realtime") && !type.equals("transcription")) {
            return ClientError.wrongValue(
                    "session.type",
                    "Invalid value: '" + type + "'. Supported values are: 'realtime', 'transcription'.");
        }
        return transcription
                ? ClientError.wrongValue(
                        "session.type",
                        "Passing a realtime session update event to a transcription session is not allowed.")
                : new ClientError(
                        "invalid_model",
                        "Model \"" + model() + "\" is not supported in transcription mode.",
                        "session.type");
    }

    private static JsonNode voiceOf(ObjectNode session) {
        return session.at("/audio/output/voice");
    }

    private static void merge(ObjectNode target, ObjectNode patch) {
        patch.properties().forEach(member -> {
            String name = member.getKey();
            JsonNode value = member.getValue();
            if (name.equals("turn_detection") && value instanceof ObjectNode detection) {
                target.set(name, turnDetection(target.path(name), detection));
            } else if (name.equals("format") && value instanceof ObjectNode format) {
                target.set(name, AudioFormat.of(format).toJson());
            } else if (MERGED.contains(name) && value instanceof ObjectNode from) {
                ObjectNode into = target.path(name) instanceof ObjectNode old ? old : target.putObject(name);
                merge(into, from);
            } else {
                target.set(name, value.deepCopy());
            }
        });
    }

    /** The same kind keeps what it has; another kind, or none before, starts from its defaults. */
    private static ObjectNode turnDetection(JsonNode current, ObjectNode patch) {
        String type = patch.path("type").asText(current.path("type").asText("server_vad"));
        ObjectNode start;
        if (current instanceof ObjectNode old && old.path("type").asText().equals(type)) {
            start = old.deepCopy();
        } else {
            start = type.equals("semantic_vad") ? TurnDetection.semanticDefaults() : TurnDetection.serverDefaults();
        }
        start.setAll(patch);
        return start;
    }

    private static ObjectNode audioInput(JsonNode turnDetection) {
        ObjectNode input = Trees.object();
        input.set("format", AudioFormat.PCM.toJson());
        input.putNull("transcription").putNull("noise_reduction");
        input.set("turn_detection", turnDetection);
        return input;
    }
}
