package dev.parley.session;

import dev.parley.domain.ModelKind;
import dev.parley.domain.Refusal;
import dev.parley.relay.LegEnd;
import dev.parley.upstream.UpstreamConnector.UpstreamSession;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One upstream session in the service of a session, from its hand-over to its end, with all that is kept of it. A session
 * whose upstream is replaced has several, one of them at a time in office; what the others still decide or hear concerns
 * nobody. One event loop.
 *
 * <pre>
 *   CANDIDATE ──takes office──▶ IN_OFFICE ──its upstream is gone──▶ LOST
 *        │                          └─────────another takes office────┴──▶ FORMER
 *        └──fails───────────────────────────────────────────────────────────▲
 * </pre>
 */
final class Tenure implements UpstreamLife {
    private static final int CLOSE_NORMAL = 1000;

    private final SessionLife session;
    private final UpstreamSession upstream;
    private final SessionParts parts;
    private final @Nullable SessionMemory memory;
    private final Ended ended;
    private State state = State.CANDIDATE;
    private boolean gone;
    private Interrupted interrupted = Interrupted.NOTHING;
    private Consumer<String> failed = _ -> {};

    private enum State {
        CANDIDATE,
        IN_OFFICE,
        /** It carries nothing any more, but what it still has to file can end the session. */
        LOST,
        FORMER
    }

    /** Hears that an upstream is gone, once. */
    interface Ended {
        void ended(Tenure tenure, LegEnd end);
    }

    /**
     * @param ordinal of this upstream in its session, from 1
     * @param memory null when the session keeps nothing for another upstream
     * @param call whether it is the sideband of a call
     */
    Tenure(
            Context context,
            SessionServices services,
            SessionOrder order,
            SessionReport report,
            SessionLife session,
            UpstreamSession upstream,
            int ordinal,
            @Nullable SessionMemory memory,
            Consumer<LegEnd> clientEnded,
            Ended ended,
            boolean call) {
        this.session = session;
        this.upstream = upstream;
        this.memory = memory;
        this.ended = ended;
        this.parts = order.kind() == ModelKind.TRANSLATION
                ? new TranslationParts(context, services, order, upstream, report, this, clientEnded, this::gone)
                : new RealtimeParts(
                        context, services, order, upstream, ordinal, report, this, clientEnded, this::gone, call);
    }

    UpstreamSession upstream() {
        return upstream;
    }

    SessionParts parts() {
        return parts;
    }

    boolean isGone() {
        return gone;
    }

    /** From now on it is what the session speaks with. */
    void takeOffice() {
        state = State.IN_OFFICE;
    }

    /** Until it takes office, {@code failed} is told why it cannot. */
    void candidate(Consumer<String> failed) {
        this.failed = failed;
    }

    /** Another one takes office, or it never will. What is held for it is given back. */
    void retire() {
        if (state != State.FORMER) {
            state = State.FORMER;
            parts.abandon();
            close();
        }
    }

    /** What the loss of its upstream has cut off. */
    Interrupted interrupted() {
        return interrupted;
    }

    /** Closes the upstream, if it is not closed. */
    void close() {
        if (!gone) {
            upstream.leg().close(CLOSE_NORMAL, "");
        }
    }

    // ---- what the parts ask

    @Override
    public boolean relaying() {
        return (state == State.CANDIDATE || state == State.IN_OFFICE) && session.relaying();
    }

    @Override
    public boolean attended() {
        return session.attended();
    }

    @Override
    public boolean outlivesUpstream() {
        return session.outlivesUpstream();
    }

    @Override
    public @Nullable Refusal noNewWork() {
        return session.noNewWork();
    }

    @Override
    public void refuse(Refusal refusal, @Nullable String clientEventId) {
        if (state == State.IN_OFFICE) {
            session.refuse(refusal, clientEventId);
        } else if (state == State.CANDIDATE) {
            failed.accept(refusal.code());
        }
    }

    @Override
    public void sendUpstream(Buffer event) {
        if (!gone) {
            upstream.leg().send(event);
        }
    }

    @Override
    public void end(Ending ending) {
        if (state == State.IN_OFFICE || state == State.LOST) {
            session.end(ending);
        } else if (state == State.CANDIDATE) {
            failed.accept(ending.refusal().code());
        }
    }

    @Override
    public void progressed() {
        session.progressed();
    }

    @Override
    public @Nullable SessionMemory memory() {
        return state == State.IN_OFFICE ? memory : null;
    }

    private void gone(LegEnd end) {
        gone = true;
        upstream.lease().ended(end);
        if (state == State.IN_OFFICE) {
            interrupted = parts.interrupted();
            state = State.LOST;
        } else {
            failed.accept("upstream_lost");
            state = State.FORMER;
        }
        parts.abandon(); // what ran on it is estimated and filed
        ended.ended(this, end);
    }
}
