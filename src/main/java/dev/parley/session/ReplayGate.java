package dev.parley.session;

import dev.parley.protocol.EventType;
import dev.parley.protocol.Json;
import dev.parley.relay.Delivery;
import dev.parley.relay.Gate;
import dev.parley.relay.LegEnd;
import dev.parley.relay.MessageHead;
import io.vertx.core.buffer.Buffer;

/**
 * Judges an upstream that is being told of a conversation: the parts of the session take note of all it says, and its client
 * hears none of it.
 */
final class ReplayGate implements Gate {
    private final Gate gate;
    private final Listener listener;

    /** Who waits for its answers. */
    interface Listener {
        /** It has answered something. */
        void answered();

        /** It has refused the event with this id; empty if it did not say which. */
        void refused(String eventId);
    }

    ReplayGate(Gate gate, Listener listener) {
        this.gate = gate;
        this.listener = listener;
    }

    @Override
    public Verdict onMessage(MessageHead head) {
        return gate.onMessage(head) == Verdict.COLLECT ? Verdict.COLLECT : Verdict.DROP;
    }

    @Override
    public Delivery onCollected(MessageHead head, Buffer utf8) {
        boolean error = head.type() == EventType.ERROR;
        gate.onCollected(head, utf8);
        if (error) {
            listener.refused(Json.object(utf8)
                    .map(event -> event.path("error").path("event_id").asText(""))
                    .orElse(""));
        }
        listener.answered();
        return Delivery.dropped();
    }

    @Override
    public void onEnd(LegEnd end) {
        gate.onEnd(end);
    }
}
