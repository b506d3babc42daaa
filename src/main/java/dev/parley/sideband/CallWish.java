package dev.parley.sideband;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.auth.Binding;
import dev.parley.auth.Caller;
import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.protocol.Json;
import dev.parley.session.ModelPolicy;
import dev.parley.session.OutputLimit;
import dev.parley.session.RequestRules;
import dev.parley.tenancy.Tenant;
import io.vertx.core.buffer.Buffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a call shall be, and may be.
 *
 * @param asked what its caller calls the model, which may be an alias
 * @param session the settings that it begins with, as of {@code session.update} in GA, with its model
 */
record CallWish(ModelName asked, ModelName model, ObjectNode session) {
    private static final int SETTINGS_BYTES_MAX = 128 << 10;
    private static final int NAME_MAX = 128;

    /** A wish, or why it cannot be had. */
    sealed interface Outcome {
        record Fine(CallWish wish) implements Outcome {}

        record Barred(Refusal refusal) implements Outcome {}
    }

    /**
     * Holds a request against what its caller may.
     *
     * @param settings changed: completed by what the caller's client secret has bound
     * @param named the model of the URL; null if it has none
     */
    static Outcome of(
            ObjectNode settings, @Nullable ModelName named, Caller caller, Tenant tenant, ModelPolicy models) {
        if (!settings.path("type").asText("realtime").equals("realtime")) {
            return barred(
                    Kind.BAD_REQUEST, "invalid_value", "A call's session is of the type 'realtime'.", "session.type");
        }
        Optional<Refusal> refusal = RequestRules.of(tenant, caller)
                .refusal(settings, "session")
                .or(() -> RequestRules.outputLimitRefusal(settings, "session"));
        if (refusal.isPresent()) {
            return new Outcome.Barred(refusal.get());
        }
        String said = settings.path("model").asText(named == null ? "" : named.value());
        ObjectNode session = completed(settings, caller.binding());
        ModelName asked = asked(said, caller.binding());
        if (asked == null || (named != null && !said.equals(named.value()))) {
            return barred(
                    Kind.BAD_REQUEST,
                    "missing_required_parameter",
                    "The model has to be named once: in 'session.model', or in the URL.",
                    "session.model");
        }
        ModelName model = models.resolve(asked);
        Optional<Refusal> why = mismatch(model, caller.binding())
                .or(() -> models.refusal(model, ModelKind.CONVERSATION, "session.model"))
                .or(() -> transcriptionRefusal(session, models));
        if (why.isPresent()) {
            return new Outcome.Barred(why.get());
        }
        session.put("type", "realtime").put("model", model.value());
        models.find(model).ifPresent(priced -> {
            int most = OutputLimit.of(priced, tenant, caller);
            session.put(
                    "max_output_tokens",
                    Math.min(most, RequestRules.outputLimit(session).orElse(most)));
        });
        return session.toString().length() > SETTINGS_BYTES_MAX
                ? barred(
                        Kind.BAD_REQUEST,
                        "request_too_large",
                        "The settings have more than " + SETTINGS_BYTES_MAX + " bytes.",
                        "session")
                : new Outcome.Fine(new CallWish(asked, model, session));
    }

    private static @Nullable ModelName asked(String said, @Nullable Binding binding) {
        if (said.isEmpty() && binding != null) {
            return binding.model();
        }
        return said.isEmpty() || said.length() > NAME_MAX ? null : new ModelName(said);
    }

    private static Optional<Refusal> mismatch(ModelName model, @Nullable Binding binding) {
        return binding == null || (model.equals(binding.model()) && binding.kind() == ModelKind.CONVERSATION)
                ? Optional.empty()
                : Optional.of(Refusal.of(
                                Kind.FORBIDDEN,
                                "client_secret_mismatch",
                                "This client secret is for another model or another kind of session.")
                        .param("session.model"));
    }

    private static Optional<Refusal> transcriptionRefusal(ObjectNode session, ModelPolicy models) {
        JsonNode transcription = session.at("/audio/input/transcription");
        if (!transcription.isObject()) {
            return Optional.empty();
        }
        String param = "session.audio.input.transcription.model";
        String name = transcription.path("model").asText("");
        if (!name.isEmpty() && name.length() <= NAME_MAX) {
            ModelName model = models.resolve(new ModelName(name));
            ((ObjectNode) transcription).put("model", model.value());
            return models.refusal(model, ModelKind.TRANSCRIPTION, param);
        }
        return Optional.of(
                Refusal.of(Kind.BAD_REQUEST, "invalid_value", "The model must be a name of 1 to 128 characters.")
                        .param(param));
    }

    /** What a client secret has bound stands where the request says nothing. */
    private static ObjectNode completed(ObjectNode settings, @Nullable Binding binding) {
        if (binding == null) {
            return settings;
        }
        ObjectNode whole = Json.object(Buffer.buffer(binding.session()))
                .map(ObjectNode.class::cast)
                .orElseGet(settings::objectNode);
        merge(whole, settings);
        return whole;
    }

    private static void merge(ObjectNode into, ObjectNode from) {
        from.properties().forEach(member -> {
            if (into.get(member.getKey()) instanceof ObjectNode inner && member.getValue() instanceof ObjectNode more) {
                merge(inner, more);
            } else {
                into.set(member.getKey(), member.getValue());
            }
        });
    }

    private static Outcome barred(Kind kind, String code, String message, String param) {
        return new Outcome.Barred(Refusal.of(kind, code, message).param(param));
    }
}
