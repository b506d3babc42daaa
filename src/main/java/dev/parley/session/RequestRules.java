package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.auth.Caller;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.protocol.SessionView;
import dev.parley.tenancy.Tenant;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * What a tenant may not ask for inside {@code session.update} and {@code response.create}, whatever its budget. Hosted
 * prompts and MCP tools are refused unless the tenant's settings allow them: both bring input that the broker cannot see, and
 * MCP lets the provider connect anywhere on the tenant's behalf. On the session's event loop.
 */
public final class RequestRules {
    private static final int NAMED_MAX = 20;

    private final Supplier<Tenant> tenant;
    private final FixedSettings fixed;

    public RequestRules(SessionOrder order) {
        this(order::tenant, FixedSettings.of(order.caller()));
    }

    private RequestRules(Supplier<Tenant> tenant, FixedSettings fixed) {
        this.tenant = tenant;
        this.fixed = fixed;
    }

    /** For settings that no session has yet. */
    public static RequestRules of(Tenant tenant) {
        return new RequestRules(() -> tenant, FixedSettings.NONE);
    }

    /** The same for a caller whose client secret may have fixed some. */
    public static RequestRules of(Tenant tenant, Caller caller) {
        return new RequestRules(() -> tenant, FixedSettings.of(caller));
    }

    /** @param where the name of the object, {@code session} or {@code response} */
    public Optional<Refusal> refusal(JsonNode object, String where) {
        return fixed.refusal(object, where).or(() -> standingRefusal(object, where));
    }

    /** The same for what is in force already, which nobody wants to change. */
    public Optional<Refusal> standingRefusal(JsonNode object, String where) {
        return promptRefusal(object, where).or(() -> toolRefusal(object, where)).or(() -> voiceRefusal(object, where));
    }

    /**
     * Why a call cannot go on with settings that its provider reports, which may have been changed past the broker; or empty.
     *
     * @param begun as the provider reported them at first
     */
    Optional<Refusal> offence(JsonNode begun, JsonNode session) {
        return fixed.offence(begun, session)
                .or(() -> promptRefusal(session, "session"))
                .or(() -> toolRefusal(session, "session"))
                .or(() -> voiceRefusal(begun, "session").isPresent()
                        ? Optional.empty() // the provider's own choice, which is being replaced
                        : voiceRefusal(session, "session"));
    }

    /** Whether it brings input to responses that the broker does not see. */
    public static boolean hidesInput(JsonNode object) {
        boolean hides = object.hasNonNull("prompt");
        for (JsonNode tool : object.path("tools")) {
            hides |= "mcp".equals(tool.path("type").textValue());
        }
        return hides;
    }

    private Optional<Refusal> promptRefusal(JsonNode object, String where) {
        return object.hasNonNull("prompt") && !tenant.get().promptsAllowed()
                ? Optional.of(Refusal.of(Kind.FORBIDDEN, "prompt_not_allowed", "Hosted prompts are not allowed here.")
                        .param(where + ".prompt"))
                : Optional.empty();
    }

    private Optional<Refusal> voiceRefusal(JsonNode object, String where) {
        JsonNode voice = object.path("audio").path("output").path("voice");
        if (voice.isMissingNode() || voice.isNull() || tenant.get().voices().isEmpty()) {
            return Optional.empty();
        }
        String name = SessionView.voice(voice);
        return name != null && tenant.get().allowsVoice(name)
                ? Optional.empty()
                : Optional.of(Refusal.of(
                                Kind.FORBIDDEN,
                                "voice_not_allowed",
                                "This voice is not on your list. Valid voices: "
                                        + tenant.get().voices().stream()
                                                .sorted()
                                                .limit(NAMED_MAX)
                                                .collect(Collectors.joining(", "))
                                        + '.')
                        .param(where + ".audio.output.voice"));
    }

    private Optional<Refusal> toolRefusal(JsonNode object, String where) {
        int index = 0;
        for (JsonNode tool : object.path("tools")) {
            if ("mcp".equals(tool.path("type").textValue()) && !tenant.get().mcpAllowed()) {
                return Optional.of(Refusal.of(Kind.FORBIDDEN, "mcp_not_allowed", "MCP tools are not allowed here.")
                        .param(where + ".tools[" + index + ']'));
            }
            index++;
        }
        return Optional.empty();
    }

    /**
     * The provider does what no event that was admitted has asked for. A client that writes the key {@code type} twice into
     * an append, which is passed unread, can have caused it; so the session ends.
     */
    static Refusal smuggled() {
        return Refusal.of(
                Kind.BAD_REQUEST, "unadmitted_event", "The upstream acted on an event that was not admitted here.");
    }

    /** The provider does not take over a limit that the session's money depends on. */
    static Refusal limitsRefused() {
        return Refusal.of(
                Kind.UPSTREAM_UNAVAILABLE, "upstream_refused_limits", "The upstream refused the session's limits.");
    }

    /** The limit that the client asks for, if it names one; not for {@code "inf"}. */
    public static OptionalInt outputLimit(JsonNode object) {
        JsonNode limit = object.path("max_output_tokens");
        return limit.canConvertToInt() ? OptionalInt.of(limit.intValue()) : OptionalInt.empty();
    }

    /** Empty if {@code max_output_tokens} is missing, {@code "inf"}, or a whole number from 1. */
    public static Optional<Refusal> outputLimitRefusal(JsonNode object, String where) {
        JsonNode limit = object.path("max_output_tokens");
        boolean fine = limit.isMissingNode()
                || "inf".equals(limit.textValue())
                || (limit.canConvertToExactIntegral() && limit.canConvertToInt() && limit.intValue() >= 1);
        return fine
                ? Optional.empty()
                : Optional.of(Refusal.of(
                                Kind.BAD_REQUEST,
                                "invalid_value",
                                "Invalid value for 'max_output_tokens': expected a whole number from 1 or \"inf\".")
                        .param(where + ".max_output_tokens"));
    }
}
