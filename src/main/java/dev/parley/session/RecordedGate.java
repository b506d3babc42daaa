package dev.parley.session;

import dev.parley.concurrent.Ticker;
import dev.parley.relay.Delivery;
import dev.parley.relay.Gate;
import dev.parley.relay.LegEnd;
import dev.parley.relay.MessageHead;
import dev.parley.session.SessionTimeline.Turn;
import io.vertx.core.buffer.Buffer;
import java.util.function.Consumer;

/** A gate whose messages are noted in the session's timeline. */
final class RecordedGate implements Gate {
    private final Gate gate;
    private final boolean fromClient;
    private final Timeline timeline;
    private final Ticker ticker;
    private final Consumer<Turn> turns;

    RecordedGate(Gate gate, boolean fromClient, Timeline timeline, Ticker ticker, Consumer<Turn> turns) {
        this.gate = gate;
        this.fromClient = fromClient;
        this.timeline = timeline;
        this.ticker = ticker;
        this.turns = turns;
    }

    @Override
    public Verdict onMessage(MessageHead head) {
        Turn turn = timeline.began(fromClient, head.type(), ticker.now());
        if (turn != null) {
            turns.accept(turn);
        }
        return gate.onMessage(head);
    }

    @Override
    public Delivery onCollected(MessageHead head, Buffer utf8) {
        timeline.ended(fromClient, head.type(), head.bytes(), ticker.now());
        return gate.onCollected(head, utf8);
    }

    @Override
    public void onPassed(MessageHead head) {
        timeline.ended(fromClient, head.type(), head.bytes(), ticker.now());
        gate.onPassed(head);
    }

    @Override
    public void onEnd(LegEnd end) {
        gate.onEnd(end);
    }
}
