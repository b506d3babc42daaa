package dev.parley.conversation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The client's four events on items. Confined to the session's event loop. */
public final class ConversationEvents {
    private final Conversation conversation;
    private final Supplier<AudioFormat> inputFormat;
    private final Consumer<ObjectNode> client;
    private final Function<Item, ObjectNode> retrieved;

    /**
     * @param client takes the events
     * @param retrieved an item with its audio, as {@code conversation.item.retrieved} shows it
     */
    public ConversationEvents(
            Conversation conversation,
            Supplier<AudioFormat> inputFormat,
            Consumer<ObjectNode> client,
            Function<Item, ObjectNode> retrieved) {
        this.conversation = conversation;
        this.inputFormat = inputFormat;
        this.client = client;
        this.retrieved = retrieved;
    }

    public void create(ObjectNode event) {
        ObjectNode given = Checks.requiredObject(event, "item", "item");
        Item item = ItemRules.read(given, "item", inputFormat.get());
        String callId = item.json().path("call_id").asText();
        if (item.type().equals("function_call_output") && !conversation.hasToolCall(callId)) {
            throw new ClientError(
                    "invalid_tool_call_id", "Tool call ID '" + callId + "' not found in conversation.", "item.call_id");
        }
        String previous = Checks.optionalText(event, "previous_item_id", "previous_item_id");
        announce(item, conversation.addAfter(item, previous));
    }

    /** {@code added} and {@code done} of an item that came whole. */
    public void announce(Item item, @Nullable String previousId) {
        client.accept(itemEvent("conversation.item.added", previousId, item));
        client.accept(itemEvent("conversation.item.done", previousId, item));
    }

    public static ObjectNode itemEvent(String type, @Nullable String previousId, Item item) {
        ObjectNode event = Trees.event(type).put("previous_item_id", previousId);
        event.set("item", item.json().deepCopy());
        return event;
    }

    public void truncate(ObjectNode event) {
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
        client.accept(Trees.event("conversation.item.truncated")
                .put("item_id", id)
                .put("content_index", contentIndex)
                .put("audio_end_ms", endMillis));
    }

    public void delete(ObjectNode event) {
        String id = Checks.requiredText(event, "item_id", "item_id");
        existing(id, "delete");
        conversation.remove(id);
        client.accept(Trees.event("conversation.item.deleted").put("item_id", id));
    }

    public void retrieve(ObjectNode event) {
        Item item = existing(Checks.requiredText(event, "item_id", "item_id"), "retrieve");
        ObjectNode answer = Trees.event("conversation.item.retrieved");
        answer.set("item", retrieved.apply(item));
        client.accept(answer);
    }

    private Item existing(String id, String verb) {
        Item item = conversation.find(id);
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
