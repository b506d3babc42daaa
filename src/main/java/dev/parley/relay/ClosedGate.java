package dev.parley.relay;

import io.vertx.core.buffer.Buffer;

/** Stands for the gate of a leg that is closing, or has none yet: nothing gets through. */
final class ClosedGate implements Gate {
    static final Gate INSTANCE = new ClosedGate();

    private ClosedGate() {}

    @Override
    public Verdict onMessage(MessageHead head) {
        return Verdict.DROP;
    }

    @Override
    public Delivery onCollected(MessageHead head, Buffer utf8) {
        return Delivery.dropped();
    }

    @Override
    public void onEnd(LegEnd end) {
        // the owner's gate is told
    }
}
