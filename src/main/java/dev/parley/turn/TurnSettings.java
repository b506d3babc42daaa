package dev.parley.turn;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.AudioFormat;
import dev.parley.conversation.Checks;
import dev.parley.conversation.ClientError;
import dev.parley.conversation.SessionState;
import dev.parley.conversation.Tokens;
import dev.parley.conversation.Trees;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.SessionId;
import dev.parley.protocol.Json;
import dev.parley.protocol.SessionView;
import dev.parley.session.RequestRules;
import dev.parley.tenancy.Tenant;
import io.vertx.core.buffer.Buffer;
import java.util.Optional;

/**
 * The settings of one session in turn mode, and what of them goes where: most travel with each response, a few decide which
 * upstream sessions it may share. What needs an upstream session of one's own is refused. On the session's event loop.
 */
final class TurnSettings {
    /** A provider's default instructions are some hundred characters. */
    private static final long INSTRUCTIONS_TOKENS_MAX = 1_000;

    private final RequestRules rules;
    private final SessionState state;
    private boolean instructed;
    private boolean prompted;

    TurnSettings(SessionId id, ModelName model, Tenant tenant, RequestRules rules) {
        this.rules = rules;
        this.state = SessionState.pushToTalk(
                "sess_" + id.value().substring(id.value().indexOf('_') + 1), model.value(), tenant.sessionLengthMax());
        if (!tenant.allowsVoice(state.effective().at("/audio/output/voice").asText())) {
            tenant.voices().stream().sorted().findFirst().ifPresent(voice -> {
                if (state.effective().at("/audio/output") instanceof ObjectNode output) {
                    output.put("voice", voice);
                }
            });
        }
    }

    SessionState state() {
        return state;
    }

    ObjectNode effective() {
        return state.effective();
    }

    /** How dense audio is now: what the client sends, or what it gets. */
    int bytesPerMilli(boolean fromClient) {
        AudioFormat format =
                fromClient ? state.inputFormat() : AudioFormat.of(effective().at("/audio/output/format"));
        return format.bytesPerMilli();
    }

    /** {@code session.created} or {@code session.updated}. */
    ObjectNode event(String type) {
        ObjectNode event = Trees.event(type);
        event.set("session", effective().deepCopy());
        return event;
    }

    /**
     * Applies a {@code session.update}, or throws {@link dev.parley.conversation.ClientError}; either way whole or not at all.
     *
     * @param spoken whether the assistant has spoken, which locks the voice
     * @return why it is refused, or empty
     */
    Optional<Refusal> update(ObjectNode event, boolean spoken) {
        ObjectNode patch = Checks.requiredObject(event, "session", "session");
        Optional<Refusal> refusal = rules.refusal(patch, "session").or(() -> TurnRules.ofSession(patch));
        if (refusal.isEmpty()) {
            state.update(patch, spoken);
            instructed |= patch.has("instructions");
            prompted |= patch.has("prompt");
        }
        return refusal;
    }

    /** Sets what the client's secret has bound; why it cannot be set, or empty. */
    Optional<Refusal> bind(Buffer update) {
        try {
            return Json.object(update)
                    .flatMap(event -> event instanceof ObjectNode object ? update(object, false) : Optional.empty());
        } catch (ClientError error) {
            ObjectNode told = error.toError();
            return Optional.of(new Refusal(
                    Refusal.Kind.BAD_REQUEST,
                    told.path("code").asText("invalid_value"),
                    told.path("message").asText(),
                    told.path("param").textValue(),
                    null));
        }
    }

    /** Members of every response: what the session says, where the client has said it at all. */
    ObjectNode forResponse() {
        ObjectNode session = effective();
        ObjectNode response = Trees.object();
        response.set("output_modalities", session.path("output_modalities"));
        if (instructed) {
            response.put("instructions", session.path("instructions").asText(""));
        }
        response.set("tools", session.path("tools"));
        response.set("tool_choice", session.path("tool_choice"));
        if (prompted) {
            response.set("prompt", session.path("prompt"));
        }
        for (String member : new String[] {"reasoning", "parallel_tool_calls"}) {
            if (session.has(member)) {
                response.set(member, session.path(member));
            }
        }
        ObjectNode output = response.putObject("audio").putObject("output");
        output.set("format", session.at("/audio/output/format"));
        output.set("voice", session.at("/audio/output/voice"));
        return response;
    }

    /** Whether a response with these overrides puts out nothing but text. */
    boolean textOnly(ObjectNode overrides) {
        return SessionView.onlyText(
                overrides.has("output_modalities")
                        ? overrides.path("output_modalities")
                        : effective().path("output_modalities"));
    }

    /** What the session says of a response with these overrides and its tenant may have forbidden since. */
    ObjectNode standing(ObjectNode overrides) {
        ObjectNode standing = Trees.object();
        if (!overrides.has("prompt")) {
            standing.set("prompt", effective().path("prompt"));
        }
        if (!textOnly(overrides) && overrides.at("/audio/output/voice").isMissingNode()) {
            standing.withObject("/audio/output").set("voice", effective().at("/audio/output/voice"));
        }
        return standing;
    }

    /** About how many tokens of a response with these overrides are instructions and tools. */
    long ownTokens(ObjectNode overrides) {
        JsonNode instructions = (overrides.has("instructions") ? overrides : effective()).path("instructions");
        JsonNode tools = (overrides.has("tools") ? overrides : effective()).path("tools");
        return (long) Tokens.ofText(instructions.asText(""))
                + (tools.isEmpty() ? 0 : Tokens.ofText(Trees.write(tools)));
    }

    /** Tokens that the provider's own instructions put into a response with these overrides, at most. */
    long unseenTokens(ObjectNode overrides) {
        return instructed || overrides.hasNonNull("instructions") ? 0 : INSTRUCTIONS_TOKENS_MAX;
    }

    /** The settings that an upstream session must have for this session's responses. */
    String shared() {
        ObjectNode session = Trees.object().put("type", "realtime");
        session.set("truncation", effective().path("truncation"));
        ObjectNode audio = session.putObject("audio");
        ObjectNode input = audio.putObject("input");
        input.set("format", effective().at("/audio/input/format"));
        input.putNull("turn_detection");
        audio.putObject("output").set("speed", effective().at("/audio/output/speed"));
        return Trees.write(session);
    }
}
