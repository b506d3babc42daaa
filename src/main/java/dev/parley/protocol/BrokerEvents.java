package dev.parley.protocol;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.buffer.Buffer;
import java.util.List;
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

    /**
     * The session goes on with another upstream session.
     *
     * @param cause {@code session_length} or {@code upstream_lost}
     * @param replayed items of the conversation that it was told of
     * @param omitted items that it does not know of
     * @param interrupted the ids of the responses that the loss has cut off
     */
    public static Buffer upstreamReplaced(
            String eventId, String cause, int replayed, int omitted, List<String> interrupted) {
        ObjectNode event = JsonNodeFactory.instance.objectNode();
        event.put("type", "parley.upstream_replaced");
        event.put("event_id", eventId);
        event.put("cause", cause);
        event.put("replayed_items", replayed);
        event.put("omitted_items", omitted);
        interrupted.forEach(event.putArray("interrupted_responses")::add);
        event.put(
                "message",
                "The session goes on with another upstream session. It has the settings and the text of the conversation;"
                        + " audio that was not committed and what was sent without an answer is lost.");
        return Json.bytes(event);
    }

    /** A response was cut off: it is over, and what it has used is not known. */
    public static Buffer responseLost(String eventId, String responseId) {
        ObjectNode event = JsonNodeFactory.instance.objectNode();
        event.put("type", "response.done");
        event.put("event_id", eventId);
        ObjectNode response = event.putObject("response");
        response.put("object", "realtime.response").put("id", responseId).put("status", "failed");
        ObjectNode details = response.putObject("status_details").put("type", "failed");
        details.putObject("error")
                .put("type", "server_error")
                .put("code", "upstream_lost")
                .put("message", "The upstream was lost in mid-response.");
        response.putArray("output");
        response.putNull("usage");
        return Json.bytes(event);
    }
}
