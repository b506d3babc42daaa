package dev.parley.gateway;

import dev.parley.relay.Gate;
import dev.parley.relay.Leg;
import dev.parley.relay.LegEnd;
import dev.parley.relay.MessageHead;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;

/**
 * Waits on the way to another node for that node's first word. Before it the other end may still be in the hands of a codec
 * that is about to go, and would lose the beginning of an event; so nothing is sent there earlier. One event loop.
 */
final class ReadyGate implements Gate {
    /** What a node says when its leg to the session's node stands. */
    static final Buffer READY = Buffer.buffer("{\"type\":\"parley.ready\"}");

    private final Leg leg;
    private final Runnable ready;
    private boolean heard;

    private ReadyGate(Leg leg, Runnable ready) {
        this.leg = leg;
        this.ready = ready;
    }

    /** @param ready takes the leg over, which is paused, unless it has ended */
    static void await(Leg leg, Runnable ready) {
        leg.judge(new ReadyGate(leg, ready));
        leg.start();
    }

    @Override
    public Verdict onMessage(MessageHead head) {
        if (!heard) {
            heard = true;
            leg.pauseReading();
            Vertx.currentContext().runOnContext(_ -> ready.run());
        }
        return Verdict.DROP;
    }

    @Override
    public void onEnd(LegEnd end) {
        // the session waits on
    }
}
