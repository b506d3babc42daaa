package dev.parley.gateway;

import dev.parley.auth.SecretToken;
import dev.parley.config.Secret;
import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import io.vertx.core.MultiMap;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads an upgrade request for {@code /v1/realtime} or {@code /v1/realtime/translations}. Pure: no socket, no clock. Its refusals never repeat what the client
 * sent, because that may be a credential in the wrong place.
 */
final class HandshakeParser {
    static final String KEY_SUBPROTOCOL = "openai-insecure-api-key.";
    private static final String BETA_SUBPROTOCOL = "openai-beta.realtime-v1";
    private static final Set<String> CREDENTIAL_PARAMETERS =
            Set.of("api-key", "api_key", "apikey", "key", "token", "access_token", "authorization", "client_secret");
    private static final int CREDENTIAL_LENGTH_MAX = 8192;
    private static final String SESSION_HEADER = "Parley-Session-Id";
    private static final String LAST_EVENT_HEADER = "Last-Event-ID";
    /** What the ids of sessions and events consist of, with room for other providers' ways. */
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_.:-]{1,128}");

    private HandshakeParser() {}

    /** A handshake, or why there is none. */
    sealed interface Outcome {
        record Valid(Handshake handshake) implements Outcome {}

        /** The client wants to go on with a session. */
        record Resuming(ResumeRequest request) implements Outcome {}

        record Invalid(Refusal refusal) implements Outcome {}
    }

    /** @param kind TRANSLATION if the path says so; else CONVERSATION, and the query says more */
    static Outcome parse(ModelKind kind, @Nullable String query, MultiMap headers) {
        List<Parameter> parameters = parameters(query);
        if (parameters == null) {
            return invalid("invalid_query", "The query string is not valid percent-encoding.", null);
        }
        Refusal inQuery = credentialInQuery(parameters);
        if (inQuery != null) {
            return new Outcome.Invalid(inQuery);
        }
        List<String> offered = commaList(headers.getAll("Sec-WebSocket-Protocol"));
        Set<String> credentials = credentials(headers, offered);
        if (credentials == null) {
            return new Outcome.Invalid(Refusal.of(
                    Kind.UNAUTHENTICATED,
                    "invalid_authorization_header",
                    "The Authorization header must have the form 'Bearer TOKEN', with a token of at most "
                            + CREDENTIAL_LENGTH_MAX + " characters."));
        }
        if (credentials.size() > 1) {
            return invalid(
                    "conflicting_credentials",
                    "The request carries two different credentials; send one, as Authorization header or as subprotocol.",
                    null);
        }
        List<String> origins = headers.getAll("Origin");
        if (origins.size() > 1) {
            return invalid("duplicate_origin", "There may be one Origin header.", null);
        }
        String origin = origins.isEmpty() ? null : origins.getFirst();
        Secret credential =
                credentials.isEmpty() ? null : new Secret(credentials.iterator().next());
        Set<String> sessions = ids(parameters, "session_id", headers, SESSION_HEADER);
        sessions.addAll(values(parameters, "call_id")); // a call's session is known by the id of the call
        return sessions.isEmpty()
                ? target(
                        kind,
                        parameters,
                        offered.contains(BETA_SUBPROTOCOL) || asksForBeta(headers),
                        credential,
                        origin)
                : resuming(
                        sessions,
                        ids(parameters, "last_event_id", headers, LAST_EVENT_HEADER),
                        credential,
                        origin,
                        headers.get(PeerNodes.TICKET_HEADER));
    }

    /** The session keeps its model, its kind and its dialect, so what the URL says of them does not matter. */
    private static Outcome resuming(
            Set<String> sessions,
            Set<String> lastEvents,
            @Nullable Secret credential,
            @Nullable String origin,
            @Nullable String ticket) {
        if (sessions.size() > 1 || lastEvents.size() > 1) {
            return invalid(
                    "duplicate_parameter",
                    "The session and the last event may be named once, in the URL or in the headers.",
                    null);
        }
        String session = sessions.iterator().next();
        String lastEvent = lastEvents.isEmpty() ? null : lastEvents.iterator().next();
        if (!ID.matcher(session).matches()
                || (lastEvent != null && !ID.matcher(lastEvent).matches())) {
            return invalid(
                    "invalid_resume",
                    "'session_id' and 'last_event_id' are ids as the events had them: 1 to 128 letters, digits and any of"
                            + " _ . : -",
                    "session_id");
        }
        return new Outcome.Resuming(
                new ResumeRequest(session, lastEvent, credential, origin, ticket == null ? null : new Secret(ticket)));
    }

    private static Set<String> ids(List<Parameter> parameters, String name, MultiMap headers, String header) {
        Set<String> found = new LinkedHashSet<>(values(parameters, name));
        found.addAll(headers.getAll(header));
        return found;
    }

    private static Outcome target(
            ModelKind kind,
            List<Parameter> parameters,
            boolean beta,
            @Nullable Secret credential,
            @Nullable String origin) {
        List<String> models = values(parameters, "model");
        List<String> intents = values(parameters, "intent");
        if (models.size() > 1 || intents.size() > 1) {
            return invalid("duplicate_parameter", "'model' and 'intent' may be given once.", null);
        }
        ModelName model = null;
        if (!models.isEmpty()) {
            if (models.getFirst().isEmpty() || models.getFirst().length() > 128) {
                return invalid("invalid_model", "'model' must have 1 to 128 characters.", "model");
            }
            model = new ModelName(models.getFirst());
        }
        if (!intents.isEmpty() && kind == ModelKind.TRANSLATION) {
            return invalid("invalid_intent", "A translation session has no 'intent'.", "intent");
        }
        if (!intents.isEmpty()) {
            return intents.getFirst().equals("transcription")
                    ? new Outcome.Valid(new Handshake(ModelKind.TRANSCRIPTION, model, beta, credential, origin))
                    : invalid("invalid_intent", "'intent' must be 'transcription'.", "intent");
        }
        boolean bound = credential != null && SecretToken.is(credential.reveal());
        return model == null && !bound
                ? invalid(
                        "missing_model",
                        kind == ModelKind.TRANSLATION
                                ? "You must provide a model parameter, as in /v1/realtime/translations?model=…."
                                : "You must provide a model parameter, as in /v1/realtime?model=…, or intent=transcription.",
                        "model")
                : new Outcome.Valid(new Handshake(kind, model, beta, credential, origin));
    }

    private static Outcome invalid(String code, String message, @Nullable String param) {
        return new Outcome.Invalid(new Refusal(Kind.BAD_REQUEST, code, message, param, null));
    }

    private static @Nullable Refusal credentialInQuery(List<Parameter> parameters) {
        for (Parameter parameter : parameters) {
            if (CREDENTIAL_PARAMETERS.contains(parameter.name().toLowerCase(Locale.ROOT))) {
                return Refusal.of(
                        Kind.BAD_REQUEST,
                        "credential_in_query",
                        "Credentials do not belong into the URL, where they end in logs: send 'Authorization: Bearer TOKEN'"
                                + " or, from a browser, the subprotocols 'realtime' and 'openai-insecure-api-key.TOKEN'."
                                + " Treat the one just sent as leaked.");
            }
        }
        return null;
    }

    private static boolean asksForBeta(MultiMap headers) {
        return commaList(headers.getAll("OpenAI-Beta")).stream().anyMatch(value -> value.startsWith("realtime="));
    }

    /** All different credentials; null if an Authorization header is not a bearer's or one is too long. */
    private static @Nullable Set<String> credentials(MultiMap headers, List<String> offered) {
        Set<String> found = new LinkedHashSet<>();
        for (String line : headers.getAll("Authorization")) {
            String value = line.trim();
            if (!value.regionMatches(true, 0, "Bearer ", 0, 7)) {
                return null;
            }
            found.add(value.substring(7).trim());
        }
        for (String protocol : offered) {
            if (protocol.startsWith(KEY_SUBPROTOCOL)) {
                found.add(protocol.substring(KEY_SUBPROTOCOL.length()));
            }
        }
        boolean sane = found.stream().noneMatch(value -> value.isEmpty() || value.length() > CREDENTIAL_LENGTH_MAX);
        return sane ? found : null;
    }

    private static List<String> commaList(List<String> lines) {
        List<String> values = new ArrayList<>();
        for (String line : lines) {
            for (String value : line.split(",", -1)) {
                values.add(value.trim());
            }
        }
        return values;
    }

    private static List<String> values(List<Parameter> parameters, String name) {
        return parameters.stream()
                .filter(parameter -> parameter.name().equals(name))
                .map(Parameter::value)
                .toList();
    }

    private static @Nullable List<Parameter> parameters(@Nullable String query) {
        List<Parameter> parameters = new ArrayList<>();
        if (query == null || query.isEmpty()) {
            return parameters;
        }
        try {
            for (String pair : query.split("&", -1)) {
                int equals = pair.indexOf('=');
                String name = equals < 0 ? pair : pair.substring(0, equals);
                String value = equals < 0 ? "" : pair.substring(equals + 1);
                parameters.add(new Parameter(decoded(name), decoded(value)));
            }
        } catch (IllegalArgumentException badEscape) {
            return null;
        }
        return parameters;
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    private record Parameter(String name, String value) {}
}
