package dev.parley.turn;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.domain.Refusal;
import dev.parley.protocol.EventType;
import io.vertx.core.buffer.Buffer;

/** Whose response it is: hears of it from the shared upstream session, and nobody else does. On the event loop. */
interface ResponseOwner {
    /**
     * The {@code response.create} to send.
     *
     * @param on where it runs
     * @param correlation the broker's id of the event, to be put into the response's metadata too
     */
    Buffer request(SharedUpstream on, String correlation);

    /** Bytes of the request while it waits for a place. */
    int waitingBytes();

    /** Whether it still waits for a place; if not, nothing else will be called. */
    boolean waits();

    /** No upstream session can be had; nothing else will be called. */
    void unavailable(Refusal refusal);

    /** {@code response.created}. */
    void created(ObjectNode event);

    /** Any event between {@code response.created} and {@code response.done}. */
    void event(EventType type, ObjectNode event);

    /** {@code response.done}, the last one. */
    void done(ObjectNode event);

    /** The provider refused the request with this {@code error}; nothing else will be called. */
    void refused(JsonNode error);

    /** The upstream session is gone; nothing else will be called. */
    void lost();
}
