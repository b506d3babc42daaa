package dev.parley.session;

import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.protocol.BrokerEvents;
import dev.parley.protocol.Json;
import dev.parley.protocol.RejectionMapper;
import dev.parley.relay.Backlog.Replay;
import dev.parley.relay.Gate;
import dev.parley.relay.Leg;
import dev.parley.relay.LegEnd;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The wait of one session for its lost client, and the client's return. One event loop. */
public final class Parking {
    /** How a client is left whose session goes on with another connection. */
    public static final LegEnd TAKEN_OVER = new LegEnd(LegEnd.Cause.LOCAL, 1000, "resumed on another connection");

    private static final Refusal TOO_LATE =
            Refusal.of(Kind.NOT_FOUND, "session_not_found", "The session has just ended and cannot be resumed.");

    private final Vertx vertx;
    private final ClientSide client;
    private final SessionReport report;
    private final OwnEvents ids;
    private long timer = -1;

    /** A client that came back in the middle of an event. */
    private @Nullable Arrival arriving;

    public Parking(Vertx vertx, ClientSide client, SessionReport report, OwnEvents ids) {
        this.vertx = vertx;
        this.client = client;
        this.report = report;
        this.ids = ids;
    }

    /**
     * @param upstream null if the session has none of its own
     * @param over runs when nobody came back in time
     */
    public void begin(LegEnd how, Duration window, @Nullable Leg upstream, Runnable over) {
        client.park(upstream);
        report.parked(how, window);
        timer = vertx.setTimer(window.toMillis(), _ -> over.run());
    }

    /** The wait is over. */
    public void end() {
        vertx.cancelTimer(timer);
    }

    /**
     * Hands the client on as soon as no event is under way; one that waits for that already has come too early.
     *
     * @param ready either welcomes it or turns it away
     */
    public void arrived(Arrival back, Consumer<Arrival> ready) {
        Arrival before = arriving;
        if (before != null) {
            ClientSide.supersede(before.leg());
        }
        arriving = back;
        client.atEdge(() -> {
            arriving = null;
            ready.accept(back);
        });
    }

    /** The session goes on with this client, which gets first what it missed. */
    public void welcome(Arrival back, Gate gate, @Nullable Leg upstream) {
        end();
        Replay missed = client.take(back.leg(), back.lastEventId());
        client.judge(gate);
        if (!missed.whole()) {
            back.leg().send(discontinuity(back, missed.events()));
        }
        back.leg().send(missed.events());
        client.connect(upstream);
        client.read(back);
        report.resumed(missed);
    }

    /** The session has ended. */
    public void turnAway(Arrival back) {
        Leg leg = back.leg();
        leg.judge(new ClosingGate(_ -> {}));
        back.read();
        leg.send(RejectionMapper.errorEvent(TOO_LATE, ids.next(), null));
        leg.close(TOO_LATE.kind().closeCode(), RejectionMapper.closeReason(TOO_LATE));
    }

    /** Nobody comes back any more. */
    public void close() {
        end();
        client.forget();
        Arrival late = arriving;
        arriving = null;
        if (late != null) {
            turnAway(late);
        }
    }

    private Buffer discontinuity(Arrival back, List<Buffer> next) {
        String nextId = next.isEmpty()
                ? null
                : Json.object(next.getFirst())
                        .map(event -> event.path("event_id").textValue())
                        .orElse(null);
        return BrokerEvents.discontinuity(ids.next(), back.lastEventId(), nextId);
    }
}
