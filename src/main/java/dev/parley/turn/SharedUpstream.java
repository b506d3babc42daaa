package dev.parley.turn;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.protocol.ClientEvents;
import dev.parley.protocol.EventType;
import dev.parley.protocol.Json;
import dev.parley.protocol.Scrubber;
import dev.parley.protocol.SessionView;
import dev.parley.relay.Delivery;
import dev.parley.relay.Gate;
import dev.parley.relay.LegEnd;
import dev.parley.relay.MessageHead;
import dev.parley.session.OwnEvents;
import dev.parley.upstream.Fault;
import dev.parley.upstream.UpstreamConnector.UpstreamSession;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * One upstream session, shared by responses of one tenant. Every event goes to the owner of its response, who is found by
 * the broker's own correlation id in the metadata of {@code response.created} and by the response's id from then on. An event
 * without an owner goes to nobody, and the session takes no more responses: what it says next could be as wrong. Likewise
 * after a cancel. On one event loop.
 *
 * <pre>
 *   CONFIGURING ──session.updated──▶ READY ──stranger, cancel, age, idleness──▶ RETIRED ──last response──▶ ENDED
 * </pre>
 */
final class SharedUpstream implements Gate {
    /** The key of the correlation id in the response's metadata. The client's metadata stay with the broker. */
    static final String CORRELATION = "parley_turn";

    private static final int MODEL_CHARS_MAX = 128;

    private static final Logger LOGGER = LoggerFactory.getLogger(SharedUpstream.class);

    private final Vertx vertx;
    private final UpstreamSession session;
    private final Shape shape;
    private final TurnLimits limits;
    private final Ticker ticker;
    private final long begun;
    private final Keeper keeper;
    private final OwnEvents ids = new OwnEvents();
    private final String settingsId = ids.next();
    /** By correlation id, until the provider says that the response was created or refused. */
    private final Map<String, ResponseOwner> asked = new HashMap<>();
    /** By response id, until it is done. */
    private final Map<String, ResponseOwner> running = new HashMap<>();

    /** Those who still wait for its end, and since when. */
    private final Map<ResponseOwner, Long> live = new LinkedHashMap<>();

    private final Set<String> cancels = new HashSet<>();
    private final @Nullable ModelName model;
    private final long lifeTimer;
    private Phase phase = Phase.CONFIGURING;
    private long idleTimer = -1;
    private boolean estranged;

    private enum Phase {
        CONFIGURING,
        READY,
        RETIRED,
        ENDED
    }

    /** Who hands out its places. */
    interface Keeper {
        /** It takes responses from now on; opening it took so long. */
        void ready(SharedUpstream upstream, long nanos);

        /** One of its places is free, which was taken for so long. */
        void placeFree(long nanos);

        /** It takes no more responses. */
        void retired(SharedUpstream upstream);

        /** It never became ready. */
        void failed(Refusal refusal);

        /** Its connection has ended. Last. */
        void ended();
    }

    /**
     * @param begun when it began to be opened, on the ticker
     * @param random for the jitter of its lifetime
     */
    SharedUpstream(
            Vertx vertx,
            UpstreamSession session,
            Shape shape,
            TurnLimits limits,
            Ticker ticker,
            long begun,
            RandomGenerator random,
            Keeper keeper) {
        this.vertx = vertx;
        this.session = session;
        this.shape = shape;
        this.limits = limits;
        this.ticker = ticker;
        this.begun = begun;
        this.keeper = keeper;
        this.model = reported(session);
        long life = limits.lifeMax().toMillis();
        this.lifeTimer = vertx.setTimer(life - random.nextLong(life / 10 + 1), _ -> retire("lifetime"));
    }

    UpstreamSession session() {
        return session;
    }

    /** Within which the provider's ids are unique. */
    String scope() {
        String id = session.id();
        return id == null ? settingsId : id;
    }

    /** The model as the provider named it. */
    @Nullable
    ModelName model() {
        return model;
    }

    /** Gives the session the settings of its shape; {@link Keeper#ready} or {@link Keeper#failed} follows. */
    void configure() {
        session.leg().judge(this);
        session.leg().send(ClientEvents.sessionUpdate(settingsId, shape.settings()));
        vertx.setTimer(limits.acquireTimeout().toMillis(), _ -> unconfigured("timeout"));
    }

    boolean hasPlace() {
        return phase == Phase.READY && live.size() < limits.responsesPerUpstreamMax();
    }

    /** Responses that run on it. */
    int load() {
        return live.size();
    }

    /** Sends the owner's request. Only where {@link #hasPlace()}. */
    void ask(ResponseOwner owner) {
        vertx.cancelTimer(idleTimer);
        String correlation = ids.next();
        asked.put(correlation, owner);
        live.put(owner, ticker.nanos());
        session.leg().send(owner.request(this, correlation));
    }

    /** Asks the provider to stop a response; what runs beside it goes on. */
    void cancel(String responseId) {
        if (phase == Phase.ENDED) {
            return;
        }
        String eventId = ids.next();
        cancels.add(eventId);
        session.leg().send(ClientEvents.responseCancel(eventId, responseId));
        retire("cancel");
    }

    /** The owner waits no longer; what still comes for it is swallowed, and nothing more shall be generated for it. */
    void abandon(ResponseOwner owner) {
        if (live.containsKey(owner)) {
            running.entrySet().stream()
                    .filter(response -> response.getValue().equals(owner))
                    .map(Map.Entry::getKey)
                    .findFirst()
                    .ifPresent(this::cancel);
            live.remove(owner);
            retire("unanswered");
        }
    }

    /** Takes no more responses, and closes when the last one is done. */
    void retire(String reason) {
        if (phase == Phase.READY) {
            phase = Phase.RETIRED;
            LOGGER.atInfo()
                    .addKeyValue("tenant", shape.tenant())
                    .addKeyValue("account", session.account())
                    .addKeyValue("reason", reason)
                    .addKeyValue("responses", live.size())
                    .log("a shared upstream session is retired");
            keeper.retired(this);
        }
        closeWhenDone();
    }

    @Override
    public Verdict onMessage(MessageHead head) {
        if (phase == Phase.ENDED) {
            return Verdict.DROP;
        }
        if (!head.isText()) {
            stranger("binary");
            return Verdict.DROP;
        }
        return Verdict.COLLECT;
    }

    @Override
    public Delivery onCollected(MessageHead head, Buffer utf8) {
        if (Json.object(utf8).orElse(null) instanceof ObjectNode event) {
            judge(EventType.of(event.path("type").asText("")), event);
        } else {
            stranger("unreadable");
        }
        return Delivery.dropped();
    }

    @Override
    public void onEnd(LegEnd end) {
        boolean configuring = phase == Phase.CONFIGURING;
        boolean retired = phase == Phase.RETIRED;
        phase = Phase.ENDED;
        vertx.cancelTimer(idleTimer);
        vertx.cancelTimer(lifeTimer);
        session.lease().ended(end);
        if (configuring) {
            keeper.failed(unavailable());
        } else if (!retired) {
            keeper.retired(this);
        }
        List<ResponseOwner> left = new ArrayList<>(live.keySet());
        if (!left.isEmpty()) {
            LOGGER.atWarn()
                    .addKeyValue("tenant", shape.tenant())
                    .addKeyValue("account", session.account())
                    .addKeyValue("cause", end.cause())
                    .addKeyValue("close", end.code())
                    .addKeyValue("responses", left.size())
                    .log("a shared upstream session was lost");
        }
        live.clear();
        asked.clear();
        running.clear();
        left.forEach(ResponseOwner::lost);
        keeper.ended();
    }

    /** The provider told of this trouble; with its whole account in trouble, the next response had better ask another one. */
    void reported(String code) {
        session.lease().reported(code);
        if (Fault.isOfAccount(code)) {
            retire("account");
        }
    }

    private void judge(EventType type, ObjectNode event) {
        switch (type) {
            case SESSION_UPDATED -> configured();
            case RATE_LIMITS_UPDATED -> {} // the account's, which is none of the tenant's business
            case ERROR -> error(event.path("error"));
            case RESPONSE_CREATED -> created(event);
            case RESPONSE_DONE -> done(event);
            default -> between(type, event);
        }
    }

    private void configured() {
        if (phase != Phase.CONFIGURING) {
            stranger("session.updated");
            return;
        }
        phase = Phase.READY;
        keeper.ready(this, ticker.nanos() - begun);
        idle();
    }

    private void unconfigured(String code) {
        if (phase == Phase.CONFIGURING) {
            LOGGER.atError()
                    .addKeyValue("account", session.account())
                    .addKeyValue("code", code)
                    .log("an upstream session did not take its settings");
            phase = Phase.RETIRED;
            keeper.failed(unavailable());
            session.leg().close(1000, "");
        }
    }

    private void error(JsonNode error) {
        String eventId = error.path("event_id").textValue();
        reported(Scrubber.code(error.path("code").asText(error.path("type").asText("error"))));
        if (eventId == null) {
            stranger("error");
        } else if (eventId.equals(settingsId)) {
            unconfigured(Scrubber.code(error.path("code").asText("error")));
        } else if (!cancels.remove(eventId)) { // a cancel that came too late is refused, and that is normal
            ResponseOwner owner = asked.remove(eventId);
            if (owner == null) {
                stranger("error");
            } else {
                answered(owner, () -> owner.refused(error));
            }
        }
    }

    private void created(ObjectNode event) {
        JsonNode response = event.path("response");
        String id = response.path("id").textValue();
        String correlation = response.path("metadata").path(CORRELATION).textValue();
        ResponseOwner owner = correlation == null ? null : asked.remove(correlation);
        if (owner == null || id == null || running.putIfAbsent(id, owner) != null) {
            if (id != null && !running.containsKey(id)) {
                cancel(id); // it costs money, and nobody asked for it
            }
            stranger("response.created");
        } else if (live.containsKey(owner)) {
            owner.created(event);
        } else {
            cancel(id);
        }
    }

    private void between(EventType type, ObjectNode event) {
        String id = event.path("response_id").textValue();
        ResponseOwner owner = id == null ? null : running.get(id);
        if (owner == null) {
            stranger(type.wireName());
        } else if (live.containsKey(owner)) {
            owner.event(type, event);
        }
    }

    private void done(ObjectNode event) {
        ResponseOwner owner = running.remove(event.path("response").path("id").asText(""));
        if (owner == null) {
            stranger("response.done");
        } else {
            answered(owner, () -> owner.done(event));
        }
    }

    /** The last word to an owner, if it still waits for that. */
    private void answered(ResponseOwner owner, Runnable word) {
        Long since = live.remove(owner);
        if (since != null) {
            word.run();
            placeFree(ticker.nanos() - since);
        }
    }

    /** Told loudly once: after it, and after a cancel, more of the kind is to be expected. */
    private void stranger(String type) {
        LOGGER.atLevel(estranged || phase == Phase.RETIRED ? Level.DEBUG : Level.ERROR)
                .addKeyValue("tenant", shape.tenant())
                .addKeyValue("account", session.account())
                .addKeyValue("type", Scrubber.code(type))
                .log("an event without an owner was dropped");
        estranged = true;
        if (phase == Phase.CONFIGURING) {
            unconfigured("stranger");
        }
        retire("stranger");
    }

    private void placeFree(long nanos) {
        if (phase == Phase.READY) {
            keeper.placeFree(nanos);
            idle();
        }
        closeWhenDone();
    }

    private void idle() {
        if (live.isEmpty() && phase == Phase.READY) {
            vertx.cancelTimer(idleTimer);
            idleTimer = vertx.setTimer(limits.idleMax().toMillis(), _ -> retire("idle"));
        }
    }

    private void closeWhenDone() {
        if (phase == Phase.RETIRED && live.isEmpty()) {
            session.leg().close(1000, "");
        }
    }

    private static @Nullable ModelName reported(UpstreamSession session) {
        String model = Json.object(session.created())
                .map(event -> SessionView.of(event).model())
                .orElse(null);
        return model == null || model.isEmpty() || model.length() > MODEL_CHARS_MAX ? null : new ModelName(model);
    }

    static Refusal unavailable() {
        return Refusal.of(Kind.UPSTREAM_UNAVAILABLE, "upstream_unavailable", "The upstream is unavailable.")
                .retryAfter(Duration.ofSeconds(5));
    }
}
