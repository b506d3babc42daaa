package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.protocol.EventType;
import dev.parley.protocol.Json;
import dev.parley.protocol.SessionView;
import dev.parley.quota.SessionPermit;
import dev.parley.relay.Delivery;
import dev.parley.relay.Gate;
import dev.parley.relay.Leg;
import dev.parley.relay.LegEnd;
import dev.parley.upstream.UpstreamConnector.UpstreamSession;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a conversation, or a transcription session, consists of once it has an upstream, put together. */
final class RealtimeParts implements SessionParts {
    private final JsonNode created;
    private final Leg upstream;
    /** Null behind the first upstream: those that follow are told all settings at once. */
    private final @Nullable Buffer bound;

    private final Optional<Refusal> unbound;

    /** Whether the upstream is the sideband of a call. */
    private final boolean call;

    private final SessionPermit permit;
    private final EffectiveConfig config;
    private final OwnEvents ids;
    private final AudioMeter audio;
    private final UsageFiler filer;
    private final SpareCover spare;
    private final Transcriptions transcriptions;
    private final @Nullable Responses responses;
    private final SessionUpdates updates;
    private final ClientGate clientGate;
    private final UpstreamGate upstreamGate;

    RealtimeParts(
            Context context,
            SessionServices services,
            SessionOrder order,
            UpstreamSession upstream,
            int ordinal,
            SessionReport report,
            UpstreamLife life,
            Consumer<LegEnd> clientEnded,
            Consumer<LegEnd> upstreamEnded,
            boolean call) {
        JsonNode opened =
                Json.object(upstream.created()).orElseThrow(() -> new IllegalStateException("session.created is JSON"));
        created = opened.path("session");
        this.upstream = upstream.leg();
        this.call = call;
        this.permit = order.permit();
        this.bound = ordinal == 1 && !call ? order.boundUpdate().orElse(null) : null;
        this.unbound = order.unbound();
        config = new EffectiveConfig(SessionView.of(opened));
        ModelName name = order.model();
        PricedModel model = order.kind() == ModelKind.CONVERSATION && name != null
                ? order.models().find(name).orElse(null)
                : null;
        ids = new OwnEvents();
        audio = call ? AudioMeter.ofCall(services.ticker()::nanos) : new AudioMeter();
        ConversationMeter conversation = new ConversationMeter(
                audio,
                config,
                model == null ? 0 : model.contextTokensMax(),
                upstream.created().length());
        if (call && RequestRules.hidesInput(created)) {
            conversation.hidden();
        }
        UpdateQueue queue = new UpdateQueue(life, ids);
        Underwriter underwriter = new Underwriter(order.permit(), services.ledger());
        filer = new UsageFiler(context, services, order, upstream, ordinal, life);
        filer.reported(config.get().model());
        spare = new SpareCover(underwriter, life);
        TranscriberName transcriber = new TranscriberName(order);
        transcriptions = new Transcriptions(
                underwriter,
                spare,
                filer,
                life,
                audio,
                config,
                transcriber,
                asked -> order.models().find(new ModelName(asked)));
        OutputLimit limit = model == null ? null : new OutputLimit(order, model);
        RequestRules rules = new RequestRules(order);
        responses = limit == null || model == null
                ? null
                : new Responses(
                        new ResponsePrice(model, limit, services.config().outputTokensMin()),
                        rules,
                        () -> order.models().find(model.name()).orElse(model),
                        underwriter,
                        spare,
                        filer,
                        ids,
                        life,
                        conversation,
                        queue,
                        config,
                        call);
        updates = new SessionUpdates(
                new UpdatePolicy(order, rules, limit, call ? created : null),
                life,
                ids,
                queue,
                config,
                conversation,
                transcriptions,
                transcriber,
                upstream.names(),
                responses == null ? null : responses.automatic(),
                limit);
        UpstreamErrors errors = new UpstreamErrors(life, ids, updates, responses, report, upstream.lease());
        clientGate = new ClientGate(
                life, order.permit(), config, audio, conversation, transcriptions, updates, responses, clientEnded);
        upstreamGate = new UpstreamGate(
                life, order.permit(), audio, conversation, transcriptions, updates, errors, responses, upstreamEnded);
    }

    @Override
    public Gate clientGate() {
        return clientGate;
    }

    @Override
    public Gate upstreamGate() {
        return upstreamGate;
    }

    @Override
    public Farewell farewell(LegEnd end) {
        return new Farewell(UpstreamEnding.of(end), upstreamGate.lastWasError());
    }

    @Override
    public Future<Delivery> judge(EventType type, Buffer event) {
        return clientGate.judge(type, event);
    }

    @Override
    public UsageFiler filer() {
        return filer;
    }

    @Override
    public JsonNode created() {
        return created;
    }

    @Override
    public OwnEvents ids() {
        return ids;
    }

    @Override
    public int bytesPerMilli(boolean fromClient) {
        SessionView view = config.get();
        return fromClient ? view.audioBytesPerMilli() : view.outputBytesPerMilli();
    }

    @Override
    public boolean updatesIdle() {
        return updates.idle();
    }

    @Override
    public boolean betweenTurns() {
        return idle()
                && updatesIdle()
                && clientGate.idle()
                && audio.isQuiet(config.get().turnDetection() != null)
                && filer.committing() == 0;
    }

    @Override
    public Interrupted interrupted() {
        return responses == null ? Interrupted.NOTHING : responses.interrupted();
    }

    @Override
    public int openResponses() {
        return responses == null ? 0 : responses.openCount();
    }

    @Override
    public Future<Optional<Refusal>> begin() {
        if (call) { // the caller may speak already
            Future<Optional<Refusal>> asked = updates.beginCall();
            return spare.arm().compose(refusal -> refusal.isPresent() ? Future.succeededFuture(refusal) : asked);
        }
        return spare.arm()
                .compose(refusal -> refusal.isPresent()
                        ? Future.succeededFuture(refusal)
                        : updates.begin().compose(_ -> bind()));
    }

    /** Sets what the client's secret has bound, as if the client had asked for it. */
    private Future<Optional<Refusal>> bind() {
        Buffer update = bound;
        if (update == null) {
            return Future.succeededFuture(Optional.empty());
        }
        return clientGate.judge(EventType.SESSION_UPDATE, update).map(decided -> switch (decided) {
            case Delivery.AsIs _ -> sent(update);
            case Delivery.Replaced(Buffer utf8) -> sent(utf8);
            case Delivery.Dropped _, Delivery.Later _ -> unbound; // the client has been told why
        });
    }

    private Optional<Refusal> sent(Buffer update) {
        upstream.send(update);
        return Optional.empty();
    }

    @Override
    public Optional<Refusal> barred() {
        return updates.barred();
    }

    @Override
    public void hear() {
        updates.hear();
        transcriptions.hear();
        if (responses != null) {
            responses.automatic().awaken(); // limits that are new hold for what stands by, too
        }
    }

    @Override
    public Future<Optional<Refusal>> listened(long millis) {
        Future<Optional<Refusal>> counted =
                permit.countsAudio() ? permit.countAudio(millis) : Future.succeededFuture(Optional.empty());
        return counted.compose(refusal -> refusal.isPresent() || !transcriptions.on()
                        ? Future.succeededFuture(refusal)
                        : transcriptions.coverUpTo(
                                audio.pendingMillis(config.get().turnDetection() != null) + 2 * millis))
                .onSuccess(refusal -> {
                    if (refusal.isEmpty() && responses != null) {
                        responses.automatic().topUp();
                    }
                });
    }

    @Override
    public void attended() {
        if (responses != null) {
            responses.automatic().attended();
        }
    }

    @Override
    public boolean idle() {
        return (responses == null || responses.idle()) && transcriptions.idle();
    }

    @Override
    public boolean noResponseRuns() {
        return responses == null || responses.idle();
    }

    @Override
    public void cancelResponses() {
        if (responses != null) {
            responses.cancelAll();
        }
    }

    @Override
    public void abandon() {
        if (responses != null) {
            responses.abandon();
        }
        transcriptions.abandon();
        spare.close();
    }
}
