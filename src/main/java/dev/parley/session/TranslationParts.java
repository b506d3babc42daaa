package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.protocol.EventType;
import dev.parley.protocol.Json;
import dev.parley.protocol.SessionView;
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

/** What a translation session consists of: it has no responses, no items and no turns, and is billed by the audio it is sent. */
final class TranslationParts implements SessionParts {
    private final SessionOrder order;
    private final Leg upstream;
    private final JsonNode created;
    private final OwnEvents ids = new OwnEvents();
    private final UsageFiler filer;
    private final Stretches stretches;
    private final TranslationGate clientGate;
    private final TranslationUpstreamGate upstreamGate;

    TranslationParts(
            Context context,
            SessionServices services,
            SessionOrder order,
            UpstreamSession upstream,
            SessionReport report,
            UpstreamLife life,
            Consumer<LegEnd> clientEnded,
            Consumer<LegEnd> upstreamEnded) {
        this.order = order;
        this.upstream = upstream.leg();
        JsonNode opened =
                Json.object(upstream.created()).orElseThrow(() -> new IllegalStateException("session.created is JSON"));
        created = opened.path("session");
        ModelName name = order.model();
        PricedModel model = Optional.ofNullable(name)
                .flatMap(order.models()::find)
                .orElseThrow(() -> new IllegalStateException("a translation session is admitted on a priced model"));
        filer = new UsageFiler(context, services, order, upstream, 1, life);
        filer.reported(SessionView.of(opened).model());
        stretches = new Stretches(
                new Underwriter(order.permit(), services.ledger()),
                filer,
                () -> order.models().find(model.name()).orElse(model),
                TranslationGate.BYTES_PER_MILLI);
        TranscriberName transcriber = new TranscriberName(order);
        clientGate = new TranslationGate(
                life,
                order.permit(),
                new TranslationRules(order.models(), name),
                transcriber,
                upstream.names(),
                new RequestRules(order),
                stretches,
                clientEnded);
        upstreamGate = new TranslationUpstreamGate(
                life,
                stretches,
                transcriber,
                upstream.names(),
                report,
                upstream.lease(),
                () -> context.runOnContext(_ -> life.end(Ending.closed())), // behind the event that says so
                upstreamEnded);
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
        return upstreamGate.farewell(end);
    }

    @Override
    public Future<Delivery> judge(EventType type, Buffer event) {
        return clientGate.judge(event);
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
        return TranslationGate.BYTES_PER_MILLI;
    }

    @Override
    public boolean updatesIdle() {
        return true;
    }

    @Override
    public boolean betweenTurns() {
        return clientGate.idle() && filer.committing() == 0;
    }

    @Override
    public Interrupted interrupted() {
        return Interrupted.NOTHING;
    }

    @Override
    public int openResponses() {
        return 0;
    }

    @Override
    public Future<Optional<Refusal>> begin() {
        return order.boundUpdate().map(this::bind).orElse(Future.succeededFuture(Optional.empty()));
    }

    /** Sets what the client's secret has bound, as if the client had asked for it. */
    private Future<Optional<Refusal>> bind(Buffer update) {
        return clientGate.judge(update).map(decided -> switch (decided) {
            case Delivery.AsIs _ -> sent(update);
            case Delivery.Replaced(Buffer utf8) -> sent(utf8);
            case Delivery.Dropped _, Delivery.Later _ -> order.unbound(); // the client has been told why
        });
    }

    private Optional<Refusal> sent(Buffer update) {
        upstream.send(update);
        return Optional.empty();
    }

    @Override
    public Optional<Refusal> barred() {
        String transcriber = upstreamGate.transcriber();
        return transcriber == null
                ? Optional.empty()
                : order.models()
                        .refusal(
                                new ModelName(transcriber),
                                ModelKind.TRANSCRIPTION,
                                "session.audio.input.transcription.model");
    }

    @Override
    public void hear() {
        stretches.hear();
    }

    @Override
    public void attended() {
        // nothing waits for the client
    }

    @Override
    public boolean idle() {
        return stretches.isClosed();
    }

    @Override
    public boolean noResponseRuns() {
        return true;
    }

    /** There is nothing to cancel: what was sent is billed. */
    @Override
    public void cancelResponses() {
        stretches.close();
    }

    @Override
    public void abandon() {
        stretches.abandon();
    }
}
