package dev.parley.simulator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.ConversationEvents;
import dev.parley.conversation.Item;
import dev.parley.conversation.Trees;
import org.jspecify.annotations.Nullable;

/** Builds the events of one output item, and keeps the default conversation in step. Confined to the event loop. */
final class OutputEvents {
    private final SessionParts parts;
    private final String responseId;
    private final boolean outOfBand;
    private final int outputIndex;

    OutputEvents(SessionParts parts, String responseId, boolean outOfBand, int outputIndex) {
        this.parts = parts;
        this.responseId = responseId;
        this.outOfBand = outOfBand;
        this.outputIndex = outputIndex;
    }

    void itemAdded(Item item) {
        send(outputItem("response.output_item.added", item));
        if (!outOfBand) {
            @Nullable String previous = parts.conversation().add(item);
            send(ConversationEvents.itemEvent("conversation.item.added", previous, item));
        }
    }

    void outputItemDone(Item item) {
        send(outputItem("response.output_item.done", item));
    }

    void conversationItemDone(Item item) {
        if (!outOfBand) {
            send(ConversationEvents.itemEvent(
                    "conversation.item.done", parts.conversation().previousOf(item), item));
        }
    }

    /** An event of the item's content, with the ids that all of them have. */
    ObjectNode content(String type, Item item) {
        return output(type, item).put("content_index", 0);
    }

    /** An event of the item, with the ids that all of them have. */
    ObjectNode output(String type, Item item) {
        return Trees.event(type)
                .put("response_id", responseId)
                .put("item_id", item.id())
                .put("output_index", outputIndex);
    }

    void send(ObjectNode event) {
        parts.wire().send(event);
    }

    private ObjectNode outputItem(String type, Item item) {
        ObjectNode event = Trees.event(type).put("response_id", responseId).put("output_index", outputIndex);
        event.set("item", item.json().deepCopy());
        return event;
    }
}
