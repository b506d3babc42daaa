package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the settings of a translation session may be. Pure, but for the price book it asks. */
public final class TranslationRules {
    private static final String TRANSCRIBER = "session.audio.input.transcription.model";
    private static final String SETTABLE =
            "A translation session can set audio.input.transcription, audio.input.noise_reduction and audio.output.language";
    private static final Map<String, Set<String>> MEMBERS = Map.of(
            "session", Set.of("type", "model", "audio"),
            "session.audio", Set.of("input", "output"),
            "session.audio.input", Set.of("transcription", "noise_reduction"),
            "session.audio.output", Set.of("language"));

    private final ModelPolicy models;
    private final @Nullable ModelName model;

    /** @param model that the session is on */
    public TranslationRules(ModelPolicy models, @Nullable ModelName model) {
        this.models = models;
        this.model = model;
    }

    /** Why the settings cannot be, or empty. */
    public Optional<Refusal> refusal(JsonNode session) {
        if (!session.isObject()) {
            return Optional.of(invalid("invalid_type", "session", "'session' must be an object."));
        }
        JsonNode type = session.path("type");
        if (!type.isMissingNode() && !ModelKind.TRANSLATION.label().equals(type.textValue())) {
            return Optional.of(
                    invalid("invalid_value", "session.type", "This is a 'translation' session; the URL decides that."));
        }
        JsonNode named = session.path("model");
        if (!named.isMissingNode() && (model == null || !model.value().equals(named.textValue()))) {
            return Optional.of(
                    invalid("invalid_value", "session.model", "The model is fixed by the URL and cannot be changed."));
        }
        return unknown(session, "session")
                .or(() -> unknown(session.path("audio"), "session.audio"))
                .or(() -> unknown(session.at("/audio/input"), "session.audio.input"))
                .or(() -> unknown(session.at("/audio/output"), "session.audio.output"))
                .or(() -> transcriber(session.at("/audio/input/transcription/model")));
    }

    /** The same settings as the provider takes them: kind and model are the URL's. */
    public static ObjectNode sent(ObjectNode session) {
        ObjectNode sent = session.deepCopy();
        sent.remove(Set.of("type", "model"));
        return sent;
    }

    private static Optional<Refusal> unknown(JsonNode object, String where) {
        for (var member : object.properties()) {
            if (!MEMBERS.getOrDefault(where, Set.of()).contains(member.getKey())) {
                return Optional.of(invalid(
                        "unknown_parameter", where, SETTABLE + ", and nothing else: look into '" + where + "'."));
            }
        }
        return Optional.empty();
    }

    private Optional<Refusal> transcriber(JsonNode name) {
        if (name.isMissingNode()) {
            return Optional.empty();
        }
        String text = name.asText("");
        return text.isEmpty() || text.length() > 128
                ? Optional.of(invalid("invalid_value", TRANSCRIBER, "The model must be a name of 1 to 128 characters."))
                : models.refusal(models.resolve(new ModelName(text)), ModelKind.TRANSCRIPTION, TRANSCRIBER);
    }

    private static Refusal invalid(String code, String param, String message) {
        return Refusal.of(Kind.BAD_REQUEST, code, message).param(param);
    }
}
