package dev.parley.session;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.EventType;
import dev.parley.protocol.Json;
import dev.parley.relay.Delivery;
import dev.parley.relay.Gate;
import dev.parley.relay.LegEnd;
import dev.parley.relay.MessageHead;
import io.vertx.core.buffer.Buffer;

/** The settings of a call as its provider told them last: whoever joins the call is told them first. One event loop. */
final class CallSettings {
    private Buffer told;

    /** @param created the {@code session.created} that the call's sideband began with */
    CallSettings(Buffer created) {
        this.told = created;
    }

    /** The same gate, whose settings are noted. */
    Gate watching(Gate gate) {
        return new Watch(gate);
    }

    /** {@code session.created} for somebody who joins now. */
    Buffer created(String eventId) {
        ObjectNode event = JsonNodeFactory.instance
                .objectNode()
                .put("type", "session.created")
                .put("event_id", eventId);
        Json.object(told).ifPresent(last -> event.set("session", last.path("session")));
        return Json.bytes(event);
    }

    private final class Watch implements Gate {
        private final Gate gate;

        Watch(Gate gate) {
            this.gate = gate;
        }

        @Override
        public Verdict onMessage(MessageHead head) {
            return gate.onMessage(head);
        }

        @Override
        public Delivery onCollected(MessageHead head, Buffer utf8) {
            if (head.type() == EventType.SESSION_UPDATED) {
                told = utf8.copy();
            }
            return gate.onCollected(head, utf8);
        }

        @Override
        public void onPassed(MessageHead head) {
            gate.onPassed(head);
        }

        @Override
        public void onEnd(LegEnd end) {
            gate.onEnd(end);
        }
    }
}
