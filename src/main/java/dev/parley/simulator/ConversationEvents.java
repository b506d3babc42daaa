package dev.parley.simulator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/** The client's four events on items. Confined to the session's event loop. */
final class ConversationEvents {
    private final SessionParts parts;

    ConversationEvents(SessionParts parts) {
        this.parts = parts;
    }

    void create(ObjectNode event) {
        ObjectNode given = Checks.requiredObject(event, "item", "item");
        Item item = ItemRules.read(given, "item", parts.state().inputFormat());
        Conversation conversation = parts.conversation();
        String callId = item.json().path("call_id").asText();
        if (item.type().equals("function_call_output") && !conversation.hasToolCall(callId)) {
            throw new ClientError(
                    "invalid_tool_call_id", "Tool call ID '" + callId + "' not found in conversation.", "item.call_id");
        }
        String previous = Checks.optionalText(event, "previous_item_id", "previous_item_id");
        announce(item, conversation.addAfter(item, previous));
    }

    /** {@code added} and {@code done} of an item that came whole. */
    void announce(Item item, @Nullable String previousId) {
        parts.wire().send(itemEvent("conversation.item.added", previousId, item));
        parts.wire().send(itemEvent("conversation.item.done", previousId, item));
    }

    static ObjectNode itemEvent(String type, @Nullable String previousId, Item item) {
        ObjectNode event = Json.event(type).put("previous_item_id", previousId);
        event.set("item", item.json().deepCopy());
        return event;
    }

    void truncate(ObjectNode event) {
        String id = Checks.requiredText(event, "item_id", "item_id");
        int contentIndex = requiredInteger(event, "content_index");
        int endMillis = requiredInteger(event, "audio_end_ms");
        Item item = existing(id, "truncate");
        if (!item.isAssistantMessage() || item.audioMillis() == 0 || contentIndex != 0) {
            throw new ClientError("invalid_value", "Only model output audio messages can be truncated.", "item_id");
        }
        if (endMillis > item.audioMillis()) {
            throw new ClientError(
                    "invalid_value",
                    "Audio content of " + item.audioMillis() + "ms is already shorter than " + endMillis + "ms",
                    "audio_end_ms");
        }
        item.truncate(endMillis);
        parts.wire()
                .send(Json.event("conversation.item.truncated")
                        .put("item_id", id)
                        .put("content_index", contentIndex)
                        .put("audio_end_ms", endMillis));
    }

    void delete(ObjectNode event) {
        String id = Checks.requiredText(event, "item_id", "item_id");
        existing(id, "delete");
        parts.conversation().remove(id);
        parts.wire().send(Json.event("conversation.item.deleted").put("item_id", id));
    }

    void retrieve(ObjectNode event) {
        Item item = existing(Checks.requiredText(event, "item_id", "item_id"), "retrieve");
        ObjectNode retrieved = Json.event("conversation.item.retrieved");
        int padded = parts.script().count(ScriptKey.RETRIEVED_ITEM_BYTES, 0);
        retrieved.set("item", item.retrieved(parts.provider().voice(), padded));
        parts.wire().send(retrieved);
    }

    private Item existing(String id, String verb) {
        Item item = parts.conversation().find(id);
        if (item == null) {
            throw new ClientError(
                    "item_" + verb + "_invalid_item_id",
                    "Error with item " + verb + ": the item with id '" + id + "' does not exist.",
                    "item_id");
        }
        return item;
    }

    private static int requiredInteger(ObjectNode event, String name) {
        if (!event.hasNonNull(name)) {
            throw ClientError.missing(name);
        }
        Checks.integer(event.path(name), name, 0, Integer.MAX_VALUE);
        return event.path(name).intValue();
    }
}
