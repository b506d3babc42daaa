package dev.parley.turn;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.AudioFormat;
import dev.parley.conversation.Conversation;
import dev.parley.conversation.ConversationEvents;
import dev.parley.conversation.Ids;
import dev.parley.conversation.Item;
import java.io.ByteArrayOutputStream;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The items that one response puts into the default conversation. The provider knows nothing of that conversation, so their
 * {@code conversation.item.*} events are made here, in the provider's order. On the session's event loop.
 */
final class OutputItems {
    private final Conversation conversation;
    private final Outbox outbox;
    private final AudioFormat format;
    private final int audioBytesMax;
    private final Map<String, Growing> growing = new LinkedHashMap<>();

    OutputItems(Conversation conversation, Outbox outbox, AudioFormat format, int audioBytesMax) {
        this.conversation = conversation;
        this.outbox = outbox;
        this.format = format;
        this.audioBytesMax = audioBytesMax;
    }

    /** An item under way, as it was added, and its audio so far. */
    private record Growing(ObjectNode added, ByteArrayOutputStream audio) {}

    /** Sends {@code response.output_item.added}, and adds the item; what was added already is not added again. */
    void added(ObjectNode event) {
        if (event.path("item") instanceof ObjectNode item
                && conversation.find(item.path("id").asText()) == null) {
            outbox.send(event);
            ObjectNode json = item.deepCopy();
            growing.put(json.path("id").asText(), new Growing(event, new ByteArrayOutputStream()));
            Item made = new Item(json, format, null, 0);
            outbox.send(ConversationEvents.itemEvent("conversation.item.added", conversation.add(made), made));
        }
    }

    /** {@code response.output_audio.delta}. Audio beyond the conversation's bound is not kept. */
    void audio(ObjectNode event) {
        Growing item = growing.get(event.path("item_id").asText());
        if (item != null && item.audio.size() < audioBytesMax) {
            item.audio.writeBytes(decoded(event.path("delta").asText("")));
        }
    }

    /** Sends {@code response.output_item.done}, and {@code conversation.item.done} before or after it. */
    void done(ObjectNode event) {
        Growing grown = growing.remove(event.path("item").path("id").asText());
        if (grown == null || !(event.path("item") instanceof ObjectNode json)) {
            outbox.send(event);
            return;
        }
        byte[] audio = grown.audio.toByteArray();
        Item item = new Item(json.deepCopy(), format, audio.length == 0 ? null : audio, format.millis(audio.length));
        conversation.replace(item);
        ObjectNode done = ConversationEvents.itemEvent("conversation.item.done", conversation.previousOf(item), item);
        boolean message = item.type().equals("message");
        outbox.send(message ? done : event);
        outbox.send(message ? event : done);
    }

    /** Nothing more comes: what is under way ends as it stands. */
    void cut() {
        for (Growing item : List.copyOf(growing.values())) {
            ObjectNode done = item.added.deepCopy();
            done.put("type", "response.output_item.done").put("event_id", Ids.next("event_"));
            if (done.path("item") instanceof ObjectNode json) {
                json.put("status", "incomplete");
            }
            done(done);
        }
    }

    private static byte[] decoded(String base64) {
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException _) {
            return new byte[0]; // the client hears it as it came; there is only nothing to keep
        }
    }
}
