package dev.parley.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.domain.ModelKind;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.protocol.Json;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the first event of a client whose credential is in it: {@code session.update} with {@code session.client_secret}, a
 * token, or an object with the token as its {@code value}. What it says of the session is in the beta's shape, unless it has the
 * members that only GA has. Pure. Nothing that it gives back has the token in it, but for the handshake's credential.
 */
final class FirstEvent {
    private static final Pattern TOKEN = Pattern.compile("[\\x21-\\x7e]+");
    private static final String SECRET = "client_secret";

    private FirstEvent() {}

    /** What the client asks for, or why it is turned away. */
    sealed interface Outcome {
        /** @param rest the event without the credential; null if there was nothing else in it */
        record Asked(Handshake handshake, @Nullable Buffer rest) implements Outcome {}

        record Refused(Refusal refusal) implements Outcome {}
    }

    /** @param headers of the upgrade, without a credential */
    static Outcome read(@Nullable String query, MultiMap headers, Buffer utf8) {
        JsonNode event = Json.object(utf8).orElse(null);
        if (event == null) {
            return new Outcome.Refused(Refusal.of(
                    Kind.BAD_REQUEST,
                    "invalid_event",
                    "The message is not one JSON object, or it has a key twice or is nested too deeply."));
        }
        JsonNode secret = event.path("session").path(SECRET);
        String token = secret.isObject() ? secret.path("value").textValue() : secret.textValue();
        if (!"session.update".equals(event.path("type").textValue())
                || token == null
                || !TOKEN.matcher(token).matches()) {
            return new Outcome.Refused(Refusal.of(
                            Kind.UNAUTHENTICATED,
                            "missing_client_secret",
                            "The first event on " + ChatDoor.PATH
                                    + " must be a session.update with the credential in session.client_secret.")
                    .param("session.client_secret"));
        }
        return parsed(query, headers, event, token);
    }

    private static Outcome parsed(@Nullable String query, MultiMap headers, JsonNode event, String token) {
        JsonNode session = event.path("session");
        MultiMap said = MultiMap.caseInsensitiveMultiMap().addAll(headers).set("Authorization", "Bearer " + token);
        if (!session.has("type") && !session.has("audio")) {
            said.set("OpenAI-Beta", "realtime=v1");
        }
        return switch (HandshakeParser.parse(ModelKind.CONVERSATION, query(query, session), said)) {
            case HandshakeParser.Outcome.Invalid(Refusal refusal) -> new Outcome.Refused(refusal);
            case HandshakeParser.Outcome.Resuming _ ->
                new Outcome.Refused(Refusal.of(
                        Kind.BAD_REQUEST, "invalid_resume", "Sessions are resumed with /v1/realtime?session_id=…."));
            case HandshakeParser.Outcome.Valid(Handshake handshake) -> new Outcome.Asked(handshake, rest(event));
        };
    }

    /** The model may be named in the event; the URL goes before it. */
    private static @Nullable String query(@Nullable String query, JsonNode session) {
        String model = session.path("model").textValue();
        String given = query == null ? "" : query;
        if (model == null || given.contains("model=") || given.contains("intent=")) {
            return query;
        }
        return given + (given.isEmpty() ? "" : "&") + "model=" + URLEncoder.encode(model, StandardCharsets.UTF_8);
    }

    private static @Nullable Buffer rest(JsonNode event) {
        ObjectNode rest = event.deepCopy();
        ObjectNode session = rest.withObject("/session");
        session.remove(SECRET);
        return session.isEmpty() ? null : Json.bytes(rest);
    }
}
