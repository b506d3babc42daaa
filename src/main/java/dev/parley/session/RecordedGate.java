package dev.parley.session;

import dev.parley.relay.Delivery;
import dev.parley.relay.Gate;
import dev.parley.relay.LegEnd;
import dev.parley.relay.MessageHead;
import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/** A gate whose messages are noted in the session's timeline. */
final class RecordedGate implements Gate {
    private final Gate gate;
    private final boolean fromClient;
    private final Recording recording;

    RecordedGate(Gate gate, boolean fromClient, Recording recording) {
        this.gate = gate;
        this.fromClient = fromClient;
        this.recording = recording;
    }

    @Override
    public Verdict onMessage(MessageHead head) {
        recording.began(fromClient, head);
        return recording.verdict(gate.onMessage(head));
    }

    @Override
    public Delivery onCollected(MessageHead head, Buffer utf8) {
        recording.passed(fromClient, head.type(), head.bytes());
        recording.said(fromClient, head.type(), head.bytes(), utf8);
        if (!fromClient) {
            recording.collected(head.type(), utf8);
        }
        return gate.onCollected(head, utf8);
    }

    @Override
    public void onShown(MessageHead head, @Nullable Buffer utf8) {
        recording.said(fromClient, head.type(), head.bytes(), utf8);
    }

    @Override
    public void onPassed(MessageHead head) {
        recording.passed(fromClient, head.type(), head.bytes());
        gate.onPassed(head);
    }

    @Override
    public void onEnd(LegEnd end) {
        gate.onEnd(end);
    }
}
