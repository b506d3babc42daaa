package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.domain.Refusal;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.protocol.InputSize;
import dev.parley.protocol.Json;
import dev.parley.protocol.JsonSplice;
import dev.parley.protocol.SessionView;
import dev.parley.relay.Delivery;
import dev.parley.session.UpdatePolicy.Wish;
import dev.parley.upstream.ProviderNames;
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
    private static final List<String> SESSION_ID = List.of("session", "id");
    private static final List<String> LIMIT = List.of("session", "max_output_tokens");
    private static final List<String> TRANSCRIPTION_MODEL =
            List.of("session", "audio", "input", "transcription", "model");

    private final UpdatePolicy policy;
    private final UpstreamLife life;
    private final OwnEvents ids;
    private final UpdateQueue queue;
    private final EffectiveConfig config;
    private final ConversationMeter conversation;
    private final Transcriptions transcriptions;
    private final TranscriberName transcriber;
    private final ProviderNames names;
    private final @Nullable AutomaticResponses automatic;
    private final @Nullable OutputLimit limit;
    /** Updates under way by which the client wants automatic responses. */
    private int automaticUnderWay;
    /** Updates under way that switch transcription on, over, or off. */
    private int transcriptionUnderWay;

    /**
     * @param automatic null in a transcription session, which has no responses; likewise {@code limit}
     * @param limit what the session's {@code max_output_tokens} is held to
     */
    SessionUpdates(
            UpdatePolicy policy,
            UpstreamLife life,
            OwnEvents ids,
            UpdateQueue queue,
            EffectiveConfig config,
            ConversationMeter conversation,
            Transcriptions transcriptions,
            TranscriberName transcriber,
            ProviderNames names,
            @Nullable AutomaticResponses automatic,
            @Nullable OutputLimit limit) {
        this.policy = policy;
        this.life = life;
        this.ids = ids;
        this.queue = queue;
        this.config = config;
        this.conversation = conversation;
        this.transcriptions = transcriptions;
        this.transcriber = transcriber;
        this.names = names;
        this.automatic = automatic;
        this.limit = limit;
    }

    /** Bounds a conversation before its client can do anything; completes when what must be paid for is paid. */
    Future<Void> begin() {
        AutomaticResponses auto = automatic;
        SessionView created = config.get();
        boolean transcribes = created.transcriptionModel() != null;
        OutputLimit most = limit;
        if (auto == null || most == null) {
            if (transcribes) {
                queue.inject(
                        "{\"type\":\"transcription\",\"audio\":{\"input\":{\"transcription\":null}}}", this::bounded);
            }
            return Future.succeededFuture();
        }
        JsonNode turns = created.turnDetection();
        Future<Boolean> enabled =
                turns != null && created.createsResponses() ? auto.enable(turns) : Future.succeededFuture(true);
        return enabled.map(armed -> {
            bound(created, armed, most.now(), transcribes);
            return null;
        });
    }

    /**
     * The same for a call, whose session was configured when it was asked for: what it transcribes with is paid for, and
     * stays. Why it cannot be, or empty.
     */
    Future<Optional<Refusal>> beginCall() {
        AutomaticResponses auto = automatic;
        OutputLimit most = limit;
        SessionView created = config.get();
        JsonNode turns = created.turnDetection();
        if (auto == null || most == null) {
            return Future.succeededFuture(Optional.of(RequestRules.limitsRefused()));
        }
        Future<Boolean> enabled =
                turns != null && created.createsResponses() ? auto.enable(turns) : Future.succeededFuture(true);
        PricedModel transcribes = policy.transcriber(created);
        Future<Optional<Refusal>> paid = transcribes == null
                ? Future.succeededFuture(policy.barred(created))
                : transcriptions.enable(transcribes);
        return enabled.compose(armed -> paid.onSuccess(refusal -> {
            if (refusal.isEmpty()) {
                bound(created, armed, lowered(created, most), false);
            }
        }));
    }

    private void bound(SessionView created, boolean armed, int outputTokens, boolean transcriptionOff) {
        ObjectNode session = JsonNodeFactory.instance.objectNode();
        session.put("type", "realtime").put("max_output_tokens", outputTokens);
        ObjectNode input = session.withObject("/audio/input");
        JsonNode turns = created.turnDetection();
        if (!armed && turns != null) {
            input.set("turn_detection", AutomaticResponses.switchedOff(turns));
        }
        if (transcriptionOff) {
            input.putNull("transcription"); // by default: nobody asked for it, and nothing pays for it
        }
        if (input.isEmpty()) {
            session.remove("audio");
        }
        policy.voiceInstead(created)
                .ifPresent(voice -> session.withObject("/audio/output").put("voice", voice));
        queue.inject(session.toString(), this::bounded);
    }

    /** A call may have asked for less than it may. */
    private static int lowered(SessionView created, OutputLimit most) {
        return Math.min(created.outputTokensMax().orElse(Integer.MAX_VALUE), most.now());
    }

    /** Why the session cannot go on as it is configured, now that the tenant's settings have changed. */
    Optional<Refusal> barred() {
        return policy.barred(config.get());
    }

    /** The tenant's settings have changed: a lower limit on output holds for automatic responses too. */
    void hear() {
        OutputLimit most = limit;
        if (most != null && config.get().outputTokensMax().orElse(Integer.MAX_VALUE) > most.now()) {
            queue.inject("{\"type\":\"realtime\",\"max_output_tokens\":" + most.now() + "}", this::bounded);
        }
    }

    /** A client's update. */
    @SuppressWarnings("ReferenceEquality") // whether it was changed
    Future<Delivery> update(JsonNode event, Buffer utf8) {
        Buffer resolved = transcriber.resolve(event, utf8);
        return resolved == utf8
                ? resolved(event, utf8)
                : resolved(Json.object(resolved).orElse(event), resolved);
    }

    /** What it takes to send the update, or that it is not sent: never that it goes as it came. */
    private Future<Delivery> resolved(JsonNode event, Buffer utf8) {
        String clientId = event.path("event_id").textValue();
        Wish wish = policy.judge(event.path("session"), config.get());
        Optional<Refusal> refusal = wish.refusal();
        if (refusal.isPresent()) {
            life.refuse(refusal.get(), clientId);
            return Future.succeededFuture(Delivery.dropped());
        }
        if (RequestRules.hidesInput(event.path("session"))) {
            conversation.hidden();
        }
        conversation.update(InputSize.of(utf8).orElse(new InputSize(utf8.length(), 0, 0, false)));
        count(wish, 1);
        return payTranscription(wish).compose(unpaid -> {
            if (unpaid.isPresent()) {
                count(wish, -1);
                life.refuse(unpaid.get(), clientId);
                return Future.succeededFuture(Delivery.dropped());
            }
            expect(event.path("session"));
            return armAutomatic(wish, turnDetection(event)).map(armed -> {
                config.expect(event.path("session")); // anew: what was under way may have been answered meanwhile
                return narrowed(wish, clientId, armed ? utf8 : without(utf8, event));
            });
        });
    }

    /** Whether every update was answered. */
    boolean idle() {
        return queue.isEmpty();
    }

    /** {@code session.updated}. */
    @SuppressWarnings("ReferenceEquality") // whether it was changed
    Delivery updated(JsonNode told, Buffer utf8) {
        Buffer own = names.fromProvider(told, utf8);
        if (own == utf8) {
            return known(told, utf8);
        }
        Delivery delivery = known(Json.object(own).orElse(told), own);
        return delivery instanceof Delivery.AsIs ? Delivery.replaced(own) : delivery;
    }

    /** With models as they are called here. */
    @SuppressWarnings("ReferenceEquality") // whether it was changed
    private Delivery known(JsonNode event, Buffer utf8) {
        config.set(SessionView.of(event));
        UpdateQueue.Update answered = queue.taken();
        if (queue.isEmpty()) {
            conversation.configured(utf8.length());
        }
        if (RequestRules.hidesInput(event.path("session"))) {
            conversation.hidden();
        }
        follow();
        Optional<Refusal> offence = policy.offence(event.path("session"), config.get());
        if (offence.isPresent()) {
            life.end(Ending.of("client", offence.get()));
            return Delivery.dropped();
        }
        Buffer told = told(event, utf8);
        SessionMemory memory = life.memory();
        if (memory != null) {
            memory.settings(told);
        }
        if (answered != null && answered.own()) {
            return Delivery.dropped();
        }
        return told == utf8 ? Delivery.asIs() : Delivery.replaced(told);
    }

    /** The event as the client is told it: with the turn detection that it asked for, and the id that it knows. */
    @SuppressWarnings("ReferenceEquality") // the event itself, when nothing is to be changed
    private Buffer told(JsonNode event, Buffer utf8) {
        AutomaticResponses auto = automatic;
        Buffer told =
                auto != null && auto.gated() && auto.wanted() && config.get().turnDetection() != null
                        ? auto.asAsked(utf8)
                        : utf8;
        told = transcriber.told(event, told);
        SessionMemory memory = life.memory();
        String id = memory == null ? null : memory.knownAs();
        JsonNode given = event.path("session").path("id");
        return id == null || !given.isTextual() || given.textValue().equals(id)
                ? told
                : JsonSplice.set(told, SESSION_ID, Json.quoted(id));
    }

    /** An {@code error} answers an update; null if it answers none. */
    UpdateQueue.@Nullable Update refused(String eventId) {
        UpdateQueue.Update update = queue.refused(eventId);
        if (update != null) {
            follow();
        }
        return update;
    }

    /** What the update makes dearer is covered before it is sent. */
    private void expect(JsonNode session) {
        config.expect(session);
        AutomaticResponses auto = automatic;
        if (auto != null) {
            auto.topUp();
        }
    }

    /** Does what the provider's answer to an update calls for, as far as no later update is under way about the same. */
    private void follow() {
        if (queue.isEmpty()) {
            config.settled();
        }
        AutomaticResponses auto = automatic;
        if (auto != null && automaticUnderWay == 0) {
            auto.follow();
        }
        if (transcriptionUnderWay == 0) {
            transcriptions.follow();
        }
    }

    private void count(Wish wish, int step) {
        automaticUnderWay += Boolean.TRUE.equals(wish.automaticResponses()) ? step : 0;
        transcriptionUnderWay += wish.transcription() != null || wish.transcriptionOff() ? step : 0;
    }

    private Future<Optional<Refusal>> payTranscription(Wish wish) {
        return wish.transcription() == null
                ? Future.succeededFuture(Optional.empty())
                : transcriptions.enable(wish.transcription());
    }

    private static JsonNode turnDetection(JsonNode event) {
        return event.path("session").path("audio").path("input").path("turn_detection");
    }

    private static Buffer without(Buffer utf8, JsonNode event) {
        return AutomaticResponses.switchedOff(utf8, turnDetection(event));
    }

    private Future<Boolean> armAutomatic(Wish wish, JsonNode turnDetection) {
        AutomaticResponses auto = automatic;
        return auto != null && Boolean.TRUE.equals(wish.automaticResponses())
                ? auto.enable(turnDetection)
                : Future.succeededFuture(true);
    }

    private Delivery narrowed(Wish wish, @Nullable String clientId, Buffer utf8) {
        Buffer sent = utf8;
        if (limit != null && wish.outputTokensUnbounded()) {
            sent = JsonSplice.set(sent, LIMIT, Integer.toString(limit.now()));
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
        queue.sent(sentId, taken -> answered(wish, sentId, taken));
        return Delivery.replaced(names.toProvider(sent));
    }

    private void answered(Wish wish, String eventId, boolean taken) {
        count(wish, -1);
        if (!taken && eventId.equals(SessionOrder.BOUND_EVENT_ID)) {
            policy.unbound().ifPresent(why -> life.end(Ending.of("client", why)));
        }
        AutomaticResponses auto = automatic;
        if (auto != null
                && taken
                && Boolean.FALSE.equals(wish.automaticResponses())
                && automaticUnderWay == 0
                && !config.get().createsResponses()) {
            auto.disable(); // also when gated: the client itself does not want them
        }
    }

    private void bounded(boolean taken) {
        if (!taken) {
            life.end(Ending.of("upstream", RequestRules.limitsRefused()));
        }
    }
}
