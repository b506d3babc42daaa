package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.protocol.SessionView;
import dev.parley.tenancy.Tenant;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** What a client may change with {@code session.update}. Pure, but for the price book it asks. */
final class UpdatePolicy {
    private static final String TRANSCRIPTION = "session.audio.input.transcription";

    private final SessionOrder order;
    private final RequestRules rules;
    private final @Nullable OutputLimit limit;
    /** What a call's session began with: its other side can change that where nobody judges it. Null for others. */
    private final @Nullable JsonNode begun;

    /** @param limit null in a transcription session */
    UpdatePolicy(SessionOrder order, RequestRules rules, @Nullable OutputLimit limit, @Nullable JsonNode begun) {
        this.order = order;
        this.rules = rules;
        this.limit = limit;
        this.begun = begun;
    }

    /**
     * What an update asks for.
     *
     * @param refusal why it is not passed on; the rest has no meaning then
     * @param automaticResponses whether the provider shall start responses by itself; null if that does not change
     * @param transcription the model that input audio shall be transcribed by; null if that does not change
     * @param transcriptionUnnamed whether the client left the model to the broker
     * @param transcriptionOff whether transcription shall end
     * @param outputTokensUnbounded whether the update lifts the limit above what is allowed
     */
    record Wish(
            Optional<Refusal> refusal,
            @Nullable Boolean automaticResponses,
            @Nullable PricedModel transcription,
            boolean transcriptionUnnamed,
            boolean transcriptionOff,
            boolean outputTokensUnbounded) {}

    Wish judge(JsonNode session, SessionView current) {
        JsonNode input = session.path("audio").path("input");
        JsonNode transcription = input.path("transcription");
        Optional<Refusal> refusal = refusal(session).or(() -> transcriptionRefusal(transcription, current));
        boolean named = transcription.path("model").isTextual();
        return new Wish(
                refusal,
                automaticResponses(input.path("turn_detection")),
                refusal.isEmpty() && transcription.isObject() ? transcriptionModel(transcription, current) : null,
                !named,
                transcription.isNull(),
                limit != null && isAbove(session, limit.now()));
    }

    /** Why the session cannot go on with a configuration that the provider reports; empty if it can. */
    Optional<Refusal> offence(JsonNode session, SessionView updated) {
        if (limit != null && isAbove(session, limit.ever())) {
            return Optional.of(RequestRules.smuggled());
        }
        Optional<Refusal> forbidden = begun == null ? Optional.empty() : rules.offence(begun, session);
        return forbidden
                .or(() -> barred(updated))
                .map(why -> why.kind() == Kind.FORBIDDEN // it may have been allowed when it was asked for
                        ? why
                        : RequestRules.smuggled());
    }

    /** Why the session cannot go on without the settings of its client secret; empty if it can. */
    Optional<Refusal> unbound() {
        return order.unbound();
    }

    /** Why the model that transcribes is not allowed, or not any more; empty if it is, or if there is none. */
    Optional<Refusal> barred(SessionView inForce) {
        String model = inForce.transcriptionModel();
        return model == null
                ? Optional.empty()
                : order.models().refusal(new ModelName(model), ModelKind.TRANSCRIPTION, TRANSCRIPTION + ".model");
    }

    /** What transcribes now, if it is allowed; null if nothing does. */
    @Nullable
    PricedModel transcriber(SessionView inForce) {
        String model = inForce.transcriptionModel();
        return model == null || barred(inForce).isPresent()
                ? null
                : order.models().find(new ModelName(model)).orElse(null);
    }

    /** The voice to begin with when the provider's own choice is not on the tenant's list. */
    Optional<String> voiceInstead(SessionView created) {
        Tenant tenant = order.tenant();
        String voice = created.voice();
        return voice == null || tenant.allowsVoice(voice)
                ? Optional.empty()
                : tenant.voices().stream().sorted().findFirst();
    }

    private Optional<Refusal> refusal(JsonNode session) {
        String type = order.kind() == ModelKind.CONVERSATION ? "realtime" : "transcription";
        JsonNode asked = session.path("type");
        if (asked.isTextual() && !asked.textValue().equals(type)) {
            return Optional.of(invalid("session.type", "This is a '" + type + "' session; the URL decides that."));
        }
        ModelName model = order.model();
        JsonNode named = session.path("model");
        if (!named.isMissingNode() && (model == null || !model.value().equals(named.textValue()))) {
            return Optional.of(invalid("session.model", "The model is fixed by the URL and cannot be changed."));
        }
        return rules.refusal(session, "session").or(() -> RequestRules.outputLimitRefusal(session, "session"));
    }

    private Optional<Refusal> transcriptionRefusal(JsonNode transcription, SessionView current) {
        if (!transcription.isObject()) {
            return Optional.empty();
        }
        JsonNode named = transcription.path("model");
        if (named.isMissingNode()) {
            return transcriptionModel(transcription, current) == null
                    ? Optional.of(new Refusal(
                            Kind.BAD_REQUEST,
                            "missing_required_parameter",
                            "Missing required parameter: '" + TRANSCRIPTION + ".model'.",
                            TRANSCRIPTION + ".model",
                            null))
                    : Optional.empty();
        }
        String name = named.textValue();
        if (name == null || name.isEmpty() || name.length() > 128) {
            return Optional.of(invalid(TRANSCRIPTION + ".model", "The model must be a name of 1 to 128 characters."));
        }
        return order.models().refusal(new ModelName(name), ModelKind.TRANSCRIPTION, TRANSCRIPTION + ".model");
    }

    /** The model that the update names; else the one in force; else, in a transcription session, the one of the URL. */
    private @Nullable PricedModel transcriptionModel(JsonNode transcription, SessionView current) {
        String name = transcription.path("model").textValue();
        if (name == null) {
            name = current.transcriptionModel();
        }
        if (name == null && order.kind() == ModelKind.TRANSCRIPTION && order.model() != null) {
            name = order.model().value();
        }
        return name == null ? null : order.models().find(new ModelName(name)).orElse(null);
    }

    private static @Nullable Boolean automaticResponses(JsonNode turnDetection) {
        if (turnDetection.isMissingNode()) {
            return null;
        }
        return SessionView.createsResponses(turnDetection);
    }

    /** Whether the limit that is asked for, if any, is above {@code most}. */
    private static boolean isAbove(JsonNode session, int most) {
        if (!session.has("max_output_tokens")) {
            return false;
        }
        OptionalInt asked = RequestRules.outputLimit(session);
        return asked.isEmpty() || asked.getAsInt() > most;
    }

    private static Refusal invalid(String param, String message) {
        return new Refusal(Kind.BAD_REQUEST, "invalid_value", message, param, null);
    }
}
