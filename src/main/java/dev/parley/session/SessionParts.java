package dev.parley.session;

import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.ledger.PriceBook.ModelKind;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.protocol.Json;
import dev.parley.protocol.SessionView;
import dev.parley.relay.LegEnd;
import dev.parley.tenancy.Tenant;
import dev.parley.upstream.UpstreamConnector.UpstreamSession;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a session consists of once it has an upstream, put together. */
final class SessionParts {
    private final UsageFiler filer;
    private final SpareCover spare;
    private final Transcriptions transcriptions;
    private final @Nullable Responses responses;
    private final SessionUpdates updates;
    private final ClientGate clientGate;
    private final UpstreamGate upstreamGate;

    SessionParts(
            Context context,
            SessionServices services,
            SessionOrder order,
            UpstreamSession upstream,
            SessionReport report,
            SessionLife life,
            Consumer<LegEnd> clientEnded,
            Consumer<LegEnd> upstreamEnded) {
        EffectiveConfig config = new EffectiveConfig(SessionView.of(Json.object(upstream.created())
                .orElseThrow(() -> new IllegalStateException("session.created is JSON"))));
        ModelName name = order.model();
        PricedModel model = order.kind() == ModelKind.CONVERSATION && name != null
                ? order.models().find(name).orElse(null)
                : null;
        OwnEvents ids = new OwnEvents();
        AudioMeter audio = new AudioMeter();
        ConversationMeter conversation = new ConversationMeter(
                audio,
                config,
                model == null ? 0 : model.contextTokensMax(),
                upstream.created().length());
        UpdateQueue queue = new UpdateQueue(life, ids);
        Underwriter underwriter = new Underwriter(order.permit(), services.ledger());
        filer = new UsageFiler(context, services, order, upstream, life);
        filer.reported(config.get().model());
        spare = new SpareCover(underwriter, life);
        transcriptions = new Transcriptions(
                underwriter,
                spare,
                filer,
                life,
                audio,
                config,
                asked -> order.models().find(new ModelName(asked)),
                exhausted(order.tenant()));
        int outputTokensMax = model == null ? 0 : outputTokensMax(order, model);
        ResponsePrice price = model == null
                ? null
                : new ResponsePrice(model, outputTokensMax, services.config().outputTokensMin());
        responses = price == null || model == null
                ? null
                : new Responses(
                        price,
                        () -> order.models().find(model.name()).orElse(model),
                        underwriter,
                        spare,
                        filer,
                        ids,
                        life,
                        conversation,
                        queue,
                        config);
        updates = new SessionUpdates(
                new UpdatePolicy(order, outputTokensMax),
                life,
                ids,
                queue,
                config,
                conversation,
                transcriptions,
                responses == null ? null : responses.automatic(),
                outputTokensMax);
        UpstreamErrors errors = new UpstreamErrors(ids, updates, responses, report);
        clientGate = new ClientGate(life, config, audio, conversation, transcriptions, updates, responses, clientEnded);
        upstreamGate = new UpstreamGate(
                life, audio, conversation, transcriptions, updates, errors, report, responses, upstreamEnded);
    }

    ClientGate clientGate() {
        return clientGate;
    }

    UpstreamGate upstreamGate() {
        return upstreamGate;
    }

    UsageFiler filer() {
        return filer;
    }

    int openResponses() {
        return responses == null ? 0 : responses.openCount();
    }

    /** Gets what the session needs before its client may speak; why it cannot be had, or empty. */
    Future<Optional<Refusal>> begin() {
        return spare.arm()
                .compose(refusal -> refusal.isPresent()
                        ? Future.succeededFuture(refusal)
                        : updates.begin().map(_ -> refusal));
    }

    /** Whether no usage is awaited any more. */
    boolean idle() {
        return (responses == null || responses.idle()) && transcriptions.idle();
    }

    boolean noResponseRuns() {
        return responses == null || responses.idle();
    }

    void cancelResponses() {
        if (responses != null) {
            responses.cancelAll();
        }
    }

    /** The upstream is gone: what it left open is estimated, filed and given back. */
    void abandon() {
        if (responses != null) {
            responses.abandon();
        }
        transcriptions.abandon();
        spare.close();
    }

    private static int outputTokensMax(SessionOrder order, PricedModel model) {
        int most = Math.min(ResponsePrice.WIRE_OUTPUT_TOKENS_MAX, model.outputTokensMax());
        most = Math.min(most, order.tenant().outputTokensMax());
        return Math.max(1, Math.min(most, order.caller().outputTokensMax().orElse(most)));
    }

    private static Refusal exhausted(Tenant tenant) {
        return Refusal.of(
                Kind.BUDGET_EXHAUSTED,
                "budget_exhausted",
                "The budget of " + tenant.budget() + " per "
                        + tenant.budgetPeriod().name().toLowerCase(java.util.Locale.ROOT)
                        + " cannot pay for more audio.");
    }
}
