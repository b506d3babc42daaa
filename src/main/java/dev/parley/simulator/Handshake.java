package dev.parley.simulator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.ClientError;
import dev.parley.conversation.SessionState;
import dev.parley.conversation.Trees;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Judges an upgrade as the provider does: nearly everything is accepted, and what is wrong is told by an {@code error} event and
 * a close. On the event loop of the request.
 */
final class Handshake {
    private static final String KEY_PROTOCOL = "openai-insecure-api-key.";
    private static final String TRANSLATIONS = "/v1/realtime/translations";
    private static final String BETA_PROTOCOL = "openai-beta.realtime-v1";

    private final Provider provider;
    private final HttpServerRequest request;
    private final List<String> protocols = new ArrayList<>();
    private final @Nullable String apiKey;
    private final @Nullable String model;
    private final @Nullable String intent;
    private final boolean translates;
    private final Flavor flavor;
    /** The model as the URL has it: on Azure a deployment. */
    private final @Nullable String asked;

    private final Script script;

    static boolean serves(String path) {
        String plain = Flavor.plain(path);
        return plain.equals("/v1/realtime") || plain.equals(TRANSLATIONS);
    }

    Handshake(Provider provider, HttpServerRequest request) {
        this.provider = provider;
        this.request = request;
        for (String line : request.headers().getAll("Sec-WebSocket-Protocol")) {
            for (String protocol : line.split(",")) {
                protocols.add(protocol.strip());
            }
        }
        this.flavor = Flavor.of(request.path());
        this.apiKey = keyOf();
        this.asked = request.getParam("model");
        this.model = asked == null ? null : Flavor.model(asked);
        this.intent = request.getParam("intent");
        this.translates = Flavor.plain(request.path()).equals(TRANSLATIONS);
        this.script = flavor.script(provider.scripts().take(apiKey, model, intent));
    }

    void answer() {
        ObjectNode scripted = script.object(ScriptKey.HANDSHAKE).orElse(null);
        int delay = script.count(ScriptKey.HANDSHAKE_DELAY_MILLIS, 0);
        if (delay > 0) {
            request.pause();
            provider.vertx().setTimer(delay, ignored -> {
                if (!request.response().closed()) { // who waits for it may have gone
                    answer(scripted);
                }
            });
        } else {
            answer(scripted);
        }
    }

    private void answer(@Nullable ObjectNode scripted) {
        if (scripted != null && scripted.has("status")) {
            refuse(scripted);
            return;
        }
        if (flavor == Flavor.AZURE && asked != null && (!flavor.names(asked) || Models.transcribes(asked))) {
            azure(Models.transcribes(asked) ? 400 : 404, Flavor.refusal(asked));
            return;
        }
        if (flavor == Flavor.AZURE && !isKeyAccepted()) {
            azure(401, "401");
            return;
        }
        Entry entry = new Entry();
        Peer.accept(provider.vertx(), request, protocols.contains("realtime") ? "realtime" : "", entry)
                .onSuccess(peer -> entry.session = opened(peer, scripted))
                .onFailure(error -> ControlPlane.refuse(request, 400, "Invalid WebSocket handshake."));
    }

    /** Hands what arrives to the session, when there is one: who was turned away is not heard. */
    private static final class Entry implements Peer.Listener {
        private @Nullable OpenSession session;

        @Override
        public void onText(String text) {
            if (session != null) {
                session.onText(text);
            }
        }

        @Override
        public void onBinary(int bytes) {
            if (session != null) {
                session.onBinary(bytes);
            }
        }

        @Override
        public void onEnded() {
            if (session != null) {
                session.onClosed();
            }
        }
    }

    /** Azure says what is wrong before the upgrade. */
    private void azure(int status, String code) {
        provider.books().handshakeRefused();
        ObjectNode error = Trees.object().put("code", code).put("message", "The request was refused.");
        ControlPlane.answer(request, status, Trees.object().set("error", error));
    }

    private void refuse(ObjectNode scripted) {
        provider.books().handshakeRefused();
        int status = scripted.path("status").asInt();
        if (scripted.has("retryAfter")) {
            request.response()
                    .putHeader("Retry-After", scripted.path("retryAfter").asText());
        }
        ObjectNode error = Trees.object()
                .put("message", scripted.path("message").asText("Refused by script."))
                .put("type", scripted.path("type").asText(status >= 500 ? "server_error" : "invalid_request_error"))
                .putNull("param")
                .put("code", scripted.path("code").textValue());
        ControlPlane.answer(request, status, Trees.object().set("error", error));
    }

    private @Nullable OpenSession opened(Peer peer, @Nullable ObjectNode scripted) {
        Wire wire = new Wire(peer, script, provider.books());
        if (scripted != null && scripted.has("error")) {
            ObjectNode error = scripted.path("error") instanceof ObjectNode object ? object : Trees.object();
            String code = error.path("code").asText("");
            String reason = error.path("type").asText(ClientError.INVALID_REQUEST) + (code.isEmpty() ? "" : "." + code);
            turnAway(wire, error, scripted.path("close").asInt(4000), reason);
            return null;
        }
        ClientError wrong = wrong();
        if (wrong != null) {
            int close = "invalid_api_key".equals(wrong.code()) ? 3000 : 4000;
            turnAway(wire, wrong.toError(), close, ClientError.INVALID_REQUEST + "." + wrong.code());
            return null;
        }
        Duration max = SimulatedSession.longest(provider, script);
        if (translates) {
            SimulatedTranslation session = new SimulatedTranslation(provider, wire, script, String.valueOf(model));
            session.open();
            return session;
        }
        SessionState state = model != null ? SessionState.conversation(model, max) : SessionState.transcription(max);
        SimulatedSession session = new SimulatedSession(provider, wire, script, state);
        session.open();
        return session;
    }

    private void turnAway(Wire wire, ObjectNode error, int close, String reason) {
        provider.books().handshakeRefused();
        ObjectNode event = Trees.event("error");
        ObjectNode told = Trees.object()
                .put("type", error.path("type").asText(ClientError.INVALID_REQUEST))
                .put("code", error.path("code").textValue())
                .put("message", error.path("message").asText("Refused by script."))
                .put("param", error.path("param").textValue())
                .putNull("event_id");
        event.set("error", told);
        wire.send(event);
        wire.close(close, reason);
    }

    private @Nullable ClientError wrong() {
        if (!isKeyAccepted()) {
            return new ClientError(
                    "invalid_api_key",
                    "Incorrect API key provided: " + masked(apiKey)
                            + ". You can find your API key at https://platform.openai.com/account/api-keys.",
                    null);
        }
        if (request.headers().contains("OpenAI-Beta", "realtime=v1", true) || protocols.contains(BETA_PROTOCOL)) {
            return new ClientError(
                    "beta_api_shape_disabled",
                    "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API.",
                    null);
        }
        if (intent != null && !intent.equals("transcription")) {
            return new ClientError("invalid_intent", "Invalid intent: '" + intent + "'.", null);
        }
        if (model == null && intent == null) {
            return new ClientError("missing_model", "You must provide a model parameter.", null);
        }
        if (translates) {
            return Models.translates(String.valueOf(model))
                    ? null
                    : new ClientError("invalid_model", "Model \"" + model + "\" does not translate.", null);
        }
        if (model != null && !Models.converses(model)) {
            return new ClientError("invalid_model", "Model \"" + model + "\" is not supported in realtime mode.", null);
        }
        return null;
    }

    private boolean isKeyAccepted() {
        return apiKey != null
                && !apiKey.isEmpty()
                && (provider.options().apiKeys().isEmpty()
                        || provider.options().apiKeys().contains(apiKey));
    }

    private @Nullable String keyOf() {
        String header = request.getHeader("Authorization");
        boolean tokenOnly = flavor == Flavor.AZURE && header != null && !header.startsWith("Bearer eyJ");
        if (header != null && !tokenOnly && header.regionMatches(true, 0, "Bearer ", 0, 7)) {
            return header.substring(7).strip();
        }
        String azure = request.getHeader("api-key");
        if (azure != null) {
            return azure;
        }
        return protocols.stream()
                .filter(protocol -> protocol.startsWith(KEY_PROTOCOL))
                .map(protocol -> protocol.substring(KEY_PROTOCOL.length()))
                .findFirst()
                .orElse(null);
    }

    /** The provider's own message shows the two ends of the key. */
    private static String masked(@Nullable String key) {
        if (key == null || key.length() < 12) {
            return "''";
        }
        return key.substring(0, 4) + "*".repeat(8) + key.substring(key.length() - 4);
    }
}
