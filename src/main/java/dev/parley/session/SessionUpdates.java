package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.protocol.InputSize;
import dev.parley.protocol.Json;
import dev.parley.protocol.JsonSplice;
import dev.parley.protocol.SessionView;
import dev.parley.relay.Delivery;
import dev.parley.session.UpdatePolicy.Wish;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The {@code session.update}s of one session, the client's and the broker's own: what is paid before they are sent, what is
 * narrowed on the way, and what of the answers the client sees.
 */
final class SessionUpdates {
    private static final List<String> EVENT_ID = List.of("event_id");
    private static final List<String> LIMIT = List.of("session", "max_output_tokens");
    private static final List<String> TRANSCRIPTION_MODEL =
            List.of("session", "audio", "input", "transcription", "model");
    private static final List<String> CREATE_RESPONSE =
            List.of("session", "audio", "input", "turn_detection", "create_response");

    private final UpdatePolicy policy;
    private final SessionLife life;
    private final OwnEvents ids;
    private final UpdateQueue queue;
    private final EffectiveConfig config;
    private final ConversationMeter conversation;
    private final Transcriptions transcriptions;
    private final @Nullable AutomaticResponses automatic;
    private final int outputTokensMax;

    /**
     * @param automatic null in a transcription session, which has no responses
     * @param outputTokensMax what the session's {@code max_output_tokens} is held to
     */
    SessionUpdates(
            UpdatePolicy policy,
            SessionLife life,
            OwnEvents ids,
            UpdateQueue queue,
            EffectiveConfig config,
            ConversationMeter conversation,
            Transcriptions transcriptions,
            @Nullable AutomaticResponses automatic,
            int outputTokensMax) {
        this.policy = policy;
        this.life = life;
        this.ids = ids;
        this.queue = queue;
        this.config = config;
        this.conversation = conversation;
        this.transcriptions = transcriptions;
        this.automatic = automatic;
        this.outputTokensMax = outputTokensMax;
    }

    /** Bounds a conversation before its client can do anything; completes when what must be paid for is paid. */
    Future<Void> begin() {
        AutomaticResponses auto = automatic;
        SessionView created = config.get();
        boolean transcribes = created.transcriptionModel() != null;
        if (auto == null) {
            if (transcribes) {
                queue.inject(
                        "{\"type\":\"transcription\",\"audio\":{\"input\":{\"transcription\":null}}}", this::bounded);
            }
            return Future.succeededFuture();
        }
        Future<Boolean> enabled = created.createsResponses() ? auto.enable() : Future.succeededFuture(true);
        return enabled.map(armed -> {
            ObjectNode session = JsonNodeFactory.instance.objectNode();
            session.put("type", "realtime").put("max_output_tokens", outputTokensMax);
            JsonNode turns = created.turnDetection();
            ObjectNode input = session.withObject("/audio/input");
            if (!armed && turns != null) {
                input.set("turn_detection", AutomaticResponses.switchedOff(turns));
            }
            if (transcribes) {
                input.putNull("transcription"); // by default: nobody asked for it, and nothing pays for it
            }
            if (input.isEmpty()) {
                session.remove("audio");
            }
            queue.inject(session.toString(), this::bounded);
            return null;
        });
    }

    /** A client's update. */
    Future<Delivery> update(JsonNode event, Buffer utf8) {
        String clientId = event.path("event_id").textValue();
        Wish wish = policy.judge(event.path("session"), config.get());
        Optional<Refusal> refusal = wish.refusal();
        if (refusal.isPresent()) {
            life.refuse(refusal.get(), clientId);
            return Future.succeededFuture(Delivery.dropped());
        }
        conversation.add(InputSize.of(utf8).orElse(new InputSize(utf8.length(), 0, 0, false)));
        return payTranscription(wish).compose(unpaid -> {
            if (unpaid.isPresent()) {
                life.refuse(unpaid.get(), clientId);
                return Future.succeededFuture(Delivery.dropped());
            }
            return armAutomatic(wish).map(armed -> narrowed(wish, clientId, utf8, armed));
        });
    }

    /** {@code session.updated}. */
    Delivery updated(JsonNode event, Buffer utf8) {
        config.set(SessionView.of(event));
        UpdateQueue.Update answered = queue.taken();
        if (policy.isBroken(event.path("session"), config.get())) {
            life.end(Ending.of("client", RequestRules.smuggled()));
            return Delivery.dropped();
        }
        if (answered != null && answered.own()) {
            return Delivery.dropped();
        }
        AutomaticResponses auto = automatic;
        boolean hidden =
                auto != null && auto.gated() && auto.wanted() && config.get().turnDetection() != null;
        return hidden ? Delivery.replaced(JsonSplice.set(utf8, CREATE_RESPONSE, "true")) : Delivery.asIs();
    }

    /** An {@code error} answers an update; null if it answers none. */
    UpdateQueue.@Nullable Update refused(String eventId) {
        return queue.refused(eventId);
    }

    private Future<Optional<Refusal>> payTranscription(Wish wish) {
        return wish.transcription() == null
                ? Future.succeededFuture(Optional.empty())
                : transcriptions.enable(wish.transcription());
    }

    private Future<Boolean> armAutomatic(Wish wish) {
        AutomaticResponses auto = automatic;
        return auto != null && Boolean.TRUE.equals(wish.automaticResponses())
                ? auto.enable()
                : Future.succeededFuture(true);
    }

    private Delivery narrowed(Wish wish, @Nullable String clientId, Buffer utf8, boolean armed) {
        Buffer sent = utf8;
        if (wish.outputTokensUnbounded()) {
            sent = JsonSplice.set(sent, LIMIT, Integer.toString(outputTokensMax));
        }
        if (!armed) {
            sent = JsonSplice.set(sent, CREATE_RESPONSE, "false");
        }
        if (wish.transcription() != null && wish.transcriptionUnnamed()) {
            sent = JsonSplice.set(
                    sent,
                    TRANSCRIPTION_MODEL,
                    Json.quoted(wish.transcription().name().value()));
        }
        String sentId = clientId == null ? ids.next() : clientId;
        if (clientId == null) {
            sent = JsonSplice.set(sent, EVENT_ID, Json.quoted(sentId));
        }
        queue.sent(sentId, taken -> answered(wish, taken));
        return Delivery.replaced(sent);
    }

    private void answered(Wish wish, boolean taken) {
        AutomaticResponses auto = automatic;
        if (auto != null && taken && Boolean.FALSE.equals(wish.automaticResponses())) {
            auto.disable();
        }
        if (auto != null
                && !taken
                && Boolean.TRUE.equals(wish.automaticResponses())
                && !config.get().createsResponses()
                && !auto.gated()) {
            auto.disable();
        }
        if (taken && wish.transcriptionOff()) {
            transcriptions.disable();
        }
        if (!taken && wish.transcription() != null && config.get().transcriptionModel() == null) {
            transcriptions.disable();
        }
    }

    private void bounded(boolean taken) {
        if (!taken) {
            life.end(Ending.of(
                    "upstream",
                    Refusal.of(
                            Kind.UPSTREAM_UNAVAILABLE,
                            "upstream_refused_limits",
                            "The upstream refused the session's limits.")));
        }
    }
}
