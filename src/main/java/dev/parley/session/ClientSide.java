package dev.parley.session;

import dev.parley.dialect.Dialect;
import dev.parley.dialect.Dialect.Translation;
import dev.parley.relay.Backlog;
import dev.parley.relay.Backlog.Replay;
import dev.parley.relay.Delivery;
import dev.parley.relay.Gate;
import dev.parley.relay.Leg;
import dev.parley.relay.LegEnd;
import dev.parley.relay.MessageHead;
import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * The client's side of one session: the leg of its connection now, if it has one, and what it was sent of late, if it may
 * come back. One event loop.
 */
public final class ClientSide {
    private static final int CLOSE_NORMAL = 1000;
    private static final int CLOSE_GOING_AWAY = 1001;
    private static final int CLOSE_WITHOUT_CODE = 1005;

    /** What the earlier connection of a session hears when another one takes the session over. */
    private static final int CLOSE_TAKEN_OVER = 4409;

    private final Dialect dialect;
    private Leg leg;
    private boolean gone;
    private boolean paused;
    private @Nullable Connection current;
    private @Nullable Backlog backlog;

    public ClientSide(Leg first, Dialect dialect) {
        this.leg = first;
        this.dialect = dialect;
    }

    /** Nobody is there yet, and whoever comes is taken as one that comes back. */
    ClientSide(Dialect dialect) {
        this(new NoLeg(), dialect);
        this.gone = true;
    }

    /**
     * Whether a client that ended like this may come back: all but those that said goodbye, in whatever words, and those
     * that were cut because they broke the protocol or a limit.
     */
    public static boolean mayReturn(LegEnd end) {
        return switch (end.cause()) {
            case PEER_LOST, TIMEOUT, SLOW -> true;
            case PEER_CLOSED ->
                end.code() != CLOSE_NORMAL && end.code() != CLOSE_GOING_AWAY && end.code() != CLOSE_WITHOUT_CODE;
            case PROTOCOL_ERROR, LIMIT, LOCAL -> false;
        };
    }

    /** Whether there is no connection. */
    public boolean gone() {
        return gone;
    }

    boolean isOpen() {
        return leg.isOpen();
    }

    /** Whether a client can come back at all. */
    public boolean isKept() {
        return backlog != null;
    }

    /**
     * Keeps from now on what is sent, here and by the legs of upstreams.
     *
     * @param upstream here and below: null if the session has none of its own, and everything is sent here
     */
    public void keep(Backlog events, @Nullable Leg upstream) {
        backlog = events;
        if (upstream != null) {
            upstream.keep(events);
        }
    }

    /** What the client's messages mean, and where they go, from now on. */
    void follow(Gate gate, Leg upstream) {
        if (backlog != null) {
            upstream.keep(backlog);
        }
        if (gone) {
            upstream.forwardTo(null);
        } else {
            judge(gate);
            connect(upstream);
        }
    }

    /** Whether no message of an upstream is on its way in parts. */
    boolean isBetweenMessages() {
        return !leg.isInsideMessage() && (backlog == null || !backlog.isInside());
    }

    /** Nothing of this client, or of one that comes back, is judged until {@link #resume}. */
    public void pause() {
        paused = true;
        if (!gone) {
            leg.pauseReading();
        }
    }

    public void resume() {
        paused = false;
        if (!gone) {
            leg.resumeReading();
        }
    }

    public void judge(Gate gate) {
        Connection connection = new Connection(gate);
        current = connection;
        leg.judge(connection);
    }

    void connect(@Nullable Leg upstream) {
        if (upstream != null) {
            leg.forwardTo(upstream);
            upstream.forwardTo(leg);
        }
    }

    public void start() {
        leg.start();
    }

    /** What the client that is back sends is judged from now on, or from {@link #resume} on. */
    void read(Arrival back) {
        if (!paused) {
            back.read();
        } else if (!back.started()) {
            leg.pauseReading();
            leg.start();
        }
    }

    /** Sends an event of the broker's own, in the words of the client. */
    public void send(Buffer event) {
        switch (dialect.toClient(event)) {
            case Translation.Unchanged _ -> sendAsIs(event);
            case Translation.Changed(Buffer translated) -> sendAsIs(translated);
            case Translation.Dropped _ -> {}
        }
    }

    private void sendAsIs(Buffer event) {
        if (!gone) {
            leg.send(event);
        }
        if (backlog != null) {
            backlog.add(event); // after the leg has passed on what was before it
        }
    }

    /** What an upstream says, as its gate judges it and the client understands it. */
    Gate translating(Gate upstream) {
        return DialectGate.of(upstream, dialect);
    }

    public void close(int code, String reason) {
        leg.close(code, reason);
    }

    /** There is no connection now: what comes is only kept. */
    void park(@Nullable Leg upstream) {
        if (upstream != null) {
            upstream.forwardTo(null);
        }
        if (backlog != null) {
            backlog.unattended(true);
        }
    }

    /** There is no connection now, and what comes is kept as if there was one. */
    void leave(Leg upstream) {
        upstream.forwardTo(null);
    }

    /** The session goes on with another connection. */
    public void dismiss(@Nullable Leg upstream) {
        gone = true;
        park(upstream);
        supersede(leg);
    }

    /** The connection has lost the session to another one. */
    static void supersede(Leg leg) {
        leg.close(CLOSE_TAKEN_OVER, "session_resumed_elsewhere");
    }

    /** Runs the action when the backlog ends with a whole message. */
    void atEdge(Runnable action) {
        if (backlog != null) {
            backlog.atEdge(action);
        }
    }

    /** Takes a new connection; what it missed is what is returned, and has to be sent first. At an edge. */
    Replay take(Leg next, @Nullable String lastEventId) {
        Backlog kept = backlog;
        if (kept == null) {
            throw new IllegalStateException("a session that keeps nothing cannot be resumed");
        }
        leg = next;
        gone = false;
        kept.unattended(false);
        return kept.after(lastEventId);
    }

    /** Gives up what is too old. */
    public void expire() {
        if (backlog != null) {
            backlog.expire();
        }
    }

    /** Nobody comes back any more. */
    void forget() {
        if (backlog != null) {
            backlog.close();
        }
    }

    /**
     * Judges for one connection; its end counts only while it is the session's. What passes unread, which is appended audio, is
     * the same in every dialect.
     */
    private final class Connection implements Gate {
        private final Gate gate;

        Connection(Gate gate) {
            this.gate = gate;
        }

        @Override
        public Verdict onMessage(MessageHead head) {
            return gate.onMessage(head);
        }

        @Override
        public Delivery onCollected(MessageHead head, Buffer utf8) {
            return switch (dialect.fromClient(utf8)) {
                case Translation.Unchanged _ -> gate.onCollected(head, utf8);
                case Translation.Changed(Buffer translated) -> inPlace(gate.onCollected(head, translated), translated);
                case Translation.Dropped _ -> Delivery.dropped();
            };
        }

        private static Delivery inPlace(Delivery delivery, Buffer translated) {
            return switch (delivery) {
                case Delivery.AsIs _ -> Delivery.replaced(translated);
                case Delivery.Later later ->
                    Delivery.later(later.decision().map(decided -> inPlace(decided, translated)));
                case Delivery.Replaced _, Delivery.Dropped _ -> delivery;
            };
        }

        @Override
        public void onShown(MessageHead head, @Nullable Buffer utf8) {
            gate.onShown(head, utf8);
        }

        @Override
        public void onPassed(MessageHead head) {
            gate.onPassed(head);
        }

        @Override
        public void onEnd(LegEnd end) {
            if (current == this && !gone) {
                gone = true;
                gate.onEnd(end);
            }
        }
    }
}
