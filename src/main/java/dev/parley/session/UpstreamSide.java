package dev.parley.session;

import dev.parley.domain.ModelKind;
import dev.parley.domain.NanoUsd;
import dev.parley.relay.Gate;
import dev.parley.relay.Leg;
import dev.parley.relay.LegEnd;
import dev.parley.upstream.UpstreamConnector.UpstreamSession;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The upstream's side of one session: who serves it now, what has served it before and is not gone yet, and who follows. One
 * event loop, but for what snapshots ask.
 */
final class UpstreamSide implements Succession.Seat {
    private final Context context;
    private final SessionServices services;
    private final SessionOrder order;
    private final SessionReport report;
    private final SessionLife life;
    private final ClientSide client;
    private final Consumer<LegEnd> clientEnded;
    private final Recording recording;
    private final Listener listener;
    private final @Nullable CallSettings call;
    private final @Nullable SessionMemory memory;
    private final Succession succession;
    private volatile @Nullable Tenure tenure;
    private volatile NanoUsd spentBefore = NanoUsd.ZERO;
    private @Nullable String knownAs;
    private int upstreams;
    private int candidates;

    /** The session. */
    interface Listener {
        /** The upstream is gone, and none follows it. */
        void left(Farewell farewell);

        /** An upstream that served it no more, or not yet, is gone. */
        void otherGone();
    }

    /** @param call of a call's session, which has no other upstream than its call; null for others */
    UpstreamSide(
            Context context,
            SessionServices services,
            SessionOrder order,
            SessionReport report,
            SessionLife life,
            OwnEvents ids,
            ClientSide client,
            Consumer<LegEnd> clientEnded,
            Recording recording,
            Listener listener,
            @Nullable CallSettings call) {
        this.context = context;
        this.services = services;
        this.order = order;
        this.report = report;
        this.life = life;
        this.client = client;
        this.clientEnded = clientEnded;
        this.recording = recording;
        this.listener = listener;
        this.call = call;
        this.memory =
                call == null && order.tenant().upstreamReplacementsMax() > 0 && order.kind() != ModelKind.TRANSLATION
                        ? new SessionMemory()
                        : null;
        this.succession = new Succession(context.owner(), services, order, report, ids, life, memory, this);
    }

    /** The first one: from now on the session has an upstream. */
    SessionParts begin(UpstreamSession session) {
        Tenure first = candidate(session);
        if (memory != null) {
            memory.begin(session.created(), session.id());
        }
        knownAs = session.id();
        serve(first);
        return first.parts();
    }

    /** The session is in its stride: it will be told when its provider is about to end it. */
    void watch() {
        succession.appointed(holder());
    }

    /** The parts of the one that serves, or served last; null before the first. Callable from any thread. */
    @Nullable
    SessionParts parts() {
        Tenure holder = tenure;
        return holder == null ? null : holder.parts();
    }

    /** Who serves, or served last; null before the first. Callable from any thread. */
    @Nullable
    UpstreamSession session() {
        Tenure holder = tenure;
        return holder == null ? null : holder.upstream();
    }

    /** What the session has spent. Callable from any thread. */
    NanoUsd spent() {
        SessionParts live = parts();
        return live == null ? NanoUsd.ZERO : spentBefore.plus(live.filer().spent());
    }

    /** The id that the client knows the session by. */
    @Nullable
    String knownAs() {
        return knownAs;
    }

    Leg leg() {
        return holder().upstream().leg();
    }

    /** Whether the one that serves, or served last, is there. */
    boolean isServed() {
        Tenure holder = tenure;
        return holder != null && !holder.isGone();
    }

    /** Whether none is left, of all that there were. */
    boolean isEmpty() {
        return upstreams == 0;
    }

    boolean outlivesUpstream() {
        return succession.outlives();
    }

    /** Something has come to its end. */
    void look() {
        succession.look();
    }

    /** The client is back. */
    void attended() {
        succession.attended();
        holder().parts().attended();
    }

    /** The session ends: nobody follows any more. */
    void stop() {
        succession.stop();
    }

    void close() {
        Tenure holder = tenure;
        if (holder != null) {
            holder.close();
        }
    }

    // ---- for the succession

    @Override
    public Tenure holder() {
        return Objects.requireNonNull(tenure, "nothing is served before there is an upstream");
    }

    @Override
    public void pause() {
        client.pause();
    }

    @Override
    public void resume() {
        client.resume();
    }

    @Override
    public boolean isAtBoundary() {
        return client.isBetweenMessages() && holder().parts().betweenTurns();
    }

    @Override
    public Tenure candidate(UpstreamSession upstream) {
        upstreams++;
        candidates++;
        return new Tenure(
                context,
                services,
                order,
                report,
                life,
                upstream,
                candidates,
                memory,
                clientEnded,
                this::ended,
                call != null);
    }

    @Override
    public void appoint(Tenure next) {
        spentBefore = spent();
        serve(next);
    }

    @Override
    public void tell(Buffer event) {
        client.send(event);
    }

    @Override
    public void vacant(LegEnd end) {
        listener.left(new Farewell(UpstreamEnding.of(end), false));
    }

    private void serve(Tenure next) {
        tenure = next;
        next.takeOffice();
        Gate gate = recording.ofUpstream(next.parts().upstreamGate());
        CallSettings settings = call;
        leg().judge(client.translating(settings == null ? gate : settings.watching(gate)));
        client.follow(recording.ofClient(next.parts().clientGate()), leg());
    }

    @SuppressWarnings("ReferenceEquality") // the one in office, or another one
    private void ended(Tenure ended, LegEnd end) {
        upstreams--;
        if (ended != tenure) {
            listener.otherGone();
        } else if (life.relaying() && client.isBetweenMessages() && succession.follows(end)) {
            life.progressed();
        } else {
            succession.stop();
            listener.left(ended.parts().farewell(end));
        }
    }
}
