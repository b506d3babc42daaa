package dev.parley.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.auth.Binding;
import dev.parley.auth.Caller;
import dev.parley.dialect.BetaDialect;
import dev.parley.dialect.Dialect.Translation;
import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.domain.SubjectId;
import dev.parley.protocol.Json;
import dev.parley.session.ModelPolicy;
import dev.parley.session.RequestRules;
import dev.parley.session.TranslationRules;
import dev.parley.tenancy.Tenant;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a tenant asks of a client secret, read from one of the forms of the request. Beside OpenAI's fields there may be
 * {@code parley: {single_use, fixed: [setting…], subject}}. Refuses by throwing {@link Refused}; else pure.
 */
final class SecretRequest {
    private static final Duration SHORTEST = Duration.ofSeconds(10);
    private static final Duration LONGEST = Duration.ofHours(2);
    private static final Duration GA_DEFAULT = Duration.ofMinutes(10);
    private static final Duration BETA_DEFAULT = Duration.ofMinutes(1);
    private static final int FIXED_MAX = 32;
    private static final int SETTINGS_BYTES_MAX = 128 << 10;
    private static final Pattern SETTING = Pattern.compile("[a-z_]{1,64}(\\.[a-z_]{1,64}){0,4}");
    private static final Set<String> EXTRAS = Set.of("single_use", "fixed", "subject");

    private final ModelPolicy models;
    private final Tenant tenant;
    private final Caller caller;

    SecretRequest(ModelPolicy models, Tenant tenant, Caller caller) {
        this.models = models;
        this.tenant = tenant;
        this.caller = caller;
    }

    /** How it is asked. */
    enum Form {
        GA,
        TRANSLATION,
        BETA,
        BETA_TRANSCRIPTION
    }

    /**
     * What is asked for.
     *
     * @param session in GA
     * @param dialect in which it was asked, and is answered; null for GA
     */
    record Wish(
            ObjectNode session,
            ModelKind kind,
            @Nullable ModelName model,
            Duration lifetime,
            SubjectId subject,
            boolean singleUse,
            Set<String> fixed,
            @Nullable BetaDialect dialect) {
        Binding binding(String id, Caller maker) {
            return new Binding(id, singleUse, kind, model, session.toString(), fixed, Binding.Maker.of(maker));
        }
    }

    /** The request cannot be had. */
    static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final transient Refusal refusal;

        Refused(Refusal refusal) {
            super(refusal.message(), null, false, false);
            this.refusal = refusal;
        }

        Refusal refusal() {
            return refusal;
        }
    }

    Wish read(Buffer body, Form form) {
        ObjectNode request = body.length() == 0 ? JsonNodeFactory.instance.objectNode() : object(body);
        JsonNode extras = request.path("parley");
        if (!extras.isMissingNode() && !extras.isObject()) {
            throw invalid("invalid_type", "parley", "'parley' must be an object.");
        }
        extras.properties().forEach(member -> {
            if (!EXTRAS.contains(member.getKey())) {
                throw invalid(
                        "unknown_parameter", "parley", "'parley' has single_use, fixed and subject, and nothing else.");
            }
        });
        BetaDialect dialect = form == Form.GA || form == Form.TRANSLATION
                ? null
                : new BetaDialect(form == Form.BETA_TRANSCRIPTION, null);
        ObjectNode session = dialect == null ? nested(request) : flat(request, dialect);
        ModelKind kind = kind(session, form);
        if (kind == ModelKind.TRANSCRIPTION && session.has("model")) {
            throw invalid(
                    "invalid_value",
                    "session.model",
                    "A transcription session's model is 'session.audio.input.transcription.model'.");
        }
        ModelName model = kind == ModelKind.TRANSCRIPTION ? null : model(session, kind);
        checkSettings(session, kind, model);
        if (session.toString().length() > SETTINGS_BYTES_MAX) {
            throw invalid(
                    "request_too_large", "session", "The settings have more than " + SETTINGS_BYTES_MAX + " bytes.");
        }
        JsonNode expiry = dialect == null ? request.path("expires_after") : request.at("/client_secret/expires_after");
        return new Wish(
                session,
                kind,
                model,
                lifetime(expiry, dialect == null ? GA_DEFAULT : BETA_DEFAULT),
                subject(extras.path("subject")),
                flag(extras.path("single_use")),
                fixed(extras.path("fixed")),
                dialect);
    }

    private static ObjectNode nested(ObjectNode request) {
        JsonNode session = request.path("session");
        if (session.isMissingNode()) {
            return JsonNodeFactory.instance.objectNode();
        }
        if (session instanceof ObjectNode object) {
            return object;
        }
        throw invalid("invalid_type", "session", "'session' must be an object.");
    }

    private static ObjectNode flat(ObjectNode request, BetaDialect dialect) {
        ObjectNode event = JsonNodeFactory.instance.objectNode().put("type", "session.update");
        ObjectNode session = event.putObject("session");
        request.properties().forEach(member -> {
            if (!member.getKey().equals("client_secret") && !member.getKey().equals("parley")) {
                session.set(member.getKey(), member.getValue());
            }
        });
        return dialect.fromClient(Json.bytes(event)) instanceof Translation.Changed(Buffer translated)
                        && object(translated).get("session") instanceof ObjectNode settings
                ? settings
                : session;
    }

    private static ModelKind kind(ObjectNode session, Form form) {
        if (form == Form.TRANSLATION) {
            session.put("type", session.path("type").asText(ModelKind.TRANSLATION.label()));
            return ModelKind.TRANSLATION; // whether that is what is said is judged with the settings
        }
        String type = session.path("type").asText(form == Form.BETA_TRANSCRIPTION ? "transcription" : "realtime");
        if (!type.equals("realtime") && !type.equals("transcription")) {
            throw invalid("invalid_value", "session.type", "'session.type' must be 'realtime' or 'transcription'.");
        }
        session.put("type", type);
        return type.equals("transcription") ? ModelKind.TRANSCRIPTION : ModelKind.CONVERSATION;
    }

    private ModelName model(ObjectNode session, ModelKind kind) {
        String asked = session.path("model").asText("");
        if (asked.isEmpty() || asked.length() > 128) {
            throw invalid("missing_required_parameter", "session.model", "'session.model' must name a model.");
        }
        ModelName model = models.resolve(new ModelName(asked));
        refuse(models.refusal(model, kind, "session.model"));
        session.put("model", model.value());
        return model;
    }

    private void checkSettings(ObjectNode session, ModelKind kind, @Nullable ModelName of) {
        if (kind == ModelKind.TRANSLATION) {
            refuse(new TranslationRules(models, of).refusal(session));
            return;
        }
        refuse(RequestRules.of(tenant).refusal(session, "session"));
        refuse(RequestRules.outputLimitRefusal(session, "session"));
        JsonNode name = session.at("/audio/input/transcription/model");
        if (!name.isMissingNode()) {
            String param = "session.audio.input.transcription.model";
            String model = name.asText("");
            if (model.isEmpty() || model.length() > 128) {
                throw invalid("invalid_value", param, "The model must be a name of 1 to 128 characters.");
            }
            ModelName own = models.resolve(new ModelName(model));
            refuse(models.refusal(own, ModelKind.TRANSCRIPTION, param));
            if (session.at("/audio/input/transcription") instanceof ObjectNode transcription) {
                transcription.put("model", own.value()); // as updates are judged, against which it may be fixed
            }
        }
    }

    private static Duration lifetime(JsonNode expiry, Duration otherwise) {
        if (expiry.isMissingNode()) {
            return otherwise;
        }
        if (!expiry.isObject()) {
            throw invalid("invalid_type", "expires_after", "'expires_after' must be an object.");
        }
        JsonNode seconds = expiry.path("seconds");
        if (!expiry.path("anchor").asText("created_at").equals("created_at")) {
            throw invalid("invalid_value", "expires_after.anchor", "'expires_after.anchor' must be 'created_at'.");
        }
        if (seconds.isMissingNode()) {
            return otherwise;
        }
        if (!seconds.canConvertToInt()
                || !seconds.isIntegralNumber()
                || seconds.intValue() < SHORTEST.toSeconds()
                || seconds.intValue() > LONGEST.toSeconds()) {
            throw invalid(
                    "invalid_value",
                    "expires_after.seconds",
                    "'expires_after.seconds' must be a whole number from " + SHORTEST.toSeconds() + " to "
                            + LONGEST.toSeconds() + '.');
        }
        return Duration.ofSeconds(seconds.intValue());
    }

    private SubjectId subject(JsonNode asked) {
        if (asked.isMissingNode() || asked.asText().equals(caller.subject().value())) {
            return caller.subject();
        }
        if (!caller.wholeTenant()) {
            throw new Refused(Refusal.of(
                            Kind.FORBIDDEN,
                            "subject_not_allowed",
                            "This token makes secrets for its own subject; the claim \"usage\":\"tenant\" would let it name others.")
                    .param("parley.subject"));
        }
        String subject = asked.asText("");
        if (subject.isEmpty()
                || subject.length() > 255
                || subject.codePoints().anyMatch(c -> Character.isISOControl(c) || (c >= 0xD800 && c <= 0xDFFF))) {
            throw invalid(
                    "invalid_value", "parley.subject", "'parley.subject' must have 1 to 255 printable characters.");
        }
        return new SubjectId(subject);
    }

    private static boolean flag(JsonNode asked) {
        if (!asked.isMissingNode() && !asked.isBoolean()) {
            throw invalid("invalid_type", "parley.single_use", "'parley.single_use' must be true or false.");
        }
        return asked.asBoolean(false);
    }

    private static Set<String> fixed(JsonNode asked) {
        if (!asked.isMissingNode() && (!asked.isArray() || asked.size() > FIXED_MAX)) {
            throw invalid(
                    "invalid_type",
                    "parley.fixed",
                    "'parley.fixed' must be a list of at most " + FIXED_MAX + " settings.");
        }
        Set<String> names = new HashSet<>();
        for (JsonNode name : asked) {
            String setting = name.asText("");
            if (!setting.equals(Binding.ALL) && !SETTING.matcher(setting).matches()) {
                throw invalid(
                        "invalid_value",
                        "parley.fixed",
                        "'parley.fixed' names settings as 'instructions' or 'audio.output.voice', or '*' for all.");
            }
            names.add(BetaDialect.settingInGa(setting));
        }
        return names;
    }

    private static ObjectNode object(Buffer body) {
        return Json.object(body)
                .map(ObjectNode.class::cast)
                .orElseThrow(() ->
                        new Refused(Refusal.of(Kind.BAD_REQUEST, "invalid_json", "The body is not one JSON object.")));
    }

    private static void refuse(Optional<Refusal> refusal) {
        refusal.ifPresent(why -> {
            throw new Refused(why);
        });
    }

    private static Refused invalid(String code, String param, String message) {
        return new Refused(Refusal.of(Kind.BAD_REQUEST, code, message).param(param));
    }
}
