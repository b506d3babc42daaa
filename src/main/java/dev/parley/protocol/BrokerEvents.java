package dev.parley.protocol;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/** Server events that only the broker has. Pure functions. */
public final class BrokerEvents {
    private BrokerEvents() {}

    /**
     * Some events are lost to a client that came back.
     *
     * @param lastEventId what the client had last, as it said
     * @param nextEventId the event that comes next; null if there is none yet, or it has no id
     */
    public static Buffer discontinuity(String eventId, @Nullable String lastEventId, @Nullable String nextEventId) {
        ObjectNode event = JsonNodeFactory.instance.objectNode();
        event.put("type", "parley.discontinuity");
        event.put("event_id", eventId);
        event.put("last_event_id", lastEventId);
        event.put("next_event_id", nextEventId);
        event.put(
                "message",
                "Events between last_event_id and next_event_id are lost: the broker no longer has them, or never had"
                        + " last_event_id. What it has follows.");
        return Json.bytes(event);
    }
}
