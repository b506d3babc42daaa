package dev.parley.simulator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.Trees;
import org.jspecify.annotations.Nullable;

/**
 * One line of the books: a response, a transcription or a translation that the provider bills.
 *
 * @param sequence unique, ascending in the order in which they were begun
 * @param id the response's id; for a transcription the item's, for a translation the session's
 * @param model the model that is billed
 * @param status in_progress, completed, cancelled, incomplete, failed, or lost: the connection ended before it did
 * @param usage what was truly used, for cut-off responses what was generated until then
 * @param seconds audio of what is billed by seconds; 0 otherwise
 * @param told the usage as written to the socket, as JSON; null when none was written
 * @param delivered whether the last event of it was fully written to the socket
 */
public record Booking(
        long sequence,
        Kind kind,
        String id,
        String sessionId,
        String model,
        String status,
        Usage usage,
        double seconds,
        @Nullable String told,
        boolean delivered) {
    /** What is billed. */
    public enum Kind {
        RESPONSE,
        TRANSCRIPTION,
        /** The audio of one translation session. */
        TRANSLATION
    }

    /** The status of what the connection's end cut off. */
    static final String LOST = "lost";

    /** The status of what is still being generated. */
    static final String IN_PROGRESS = "in_progress";

    Booking ended(String newStatus, Usage used, double newSeconds, @Nullable String newTold) {
        return new Booking(sequence, kind, id, sessionId, model, newStatus, used, newSeconds, newTold, delivered);
    }

    Booking asDelivered() {
        return new Booking(sequence, kind, id, sessionId, model, status, usage, seconds, told, true);
    }

    ObjectNode toJson() {
        ObjectNode json = Trees.object()
                .put("sequence", sequence)
                .put("kind", kind.name().toLowerCase(java.util.Locale.ROOT))
                .put("id", id)
                .put("session_id", sessionId)
                .put("model", model)
                .put("status", status);
        json.set("usage", usage.toJson());
        json.put("seconds", seconds);
        json.set("told", told == null ? null : Trees.parse(told));
        return json.put("delivered", delivered);
    }
}
