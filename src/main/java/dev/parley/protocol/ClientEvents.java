package dev.parley.protocol;

import io.vertx.core.buffer.Buffer;

/** The client events that the broker sends upstream on its own. */
public final class ClientEvents {
    private ClientEvents() {}

    /** @param session raw JSON of the {@code session} member */
    public static Buffer sessionUpdate(String eventId, String session) {
        return event("session.update", eventId, ",\"session\":" + session);
    }

    /** @param item raw JSON of the {@code item} member, which is put at the end of the conversation */
    public static Buffer itemCreate(String eventId, String item) {
        return event("conversation.item.create", eventId, ",\"item\":" + item);
    }

    /** Asks for a response in the default conversation with the session's settings and this many output tokens. */
    public static Buffer responseCreate(String eventId, int outputTokensMax) {
        return event("response.create", eventId, ",\"response\":{\"max_output_tokens\":" + outputTokensMax + '}');
    }

    public static Buffer responseCancel(String eventId, String responseId) {
        return event("response.cancel", eventId, ",\"response_id\":" + Json.quoted(responseId));
    }

    private static Buffer event(String type, String eventId, String members) {
        return Buffer.buffer("{\"type\":\"" + type + "\",\"event_id\":" + Json.quoted(eventId) + members + '}');
    }
}
