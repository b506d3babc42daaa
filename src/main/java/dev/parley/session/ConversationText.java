package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.ClientEvents;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The text of a session's default conversation as its provider tells of it, kept for another upstream: messages, audio by
 * its transcript, function calls with their results. Images, audio without a transcript and the provider's own tools are
 * not kept. Bounded: the oldest items go first. One event loop.
 */
final class ConversationText {
    static final int ITEMS_MAX = 256;
    static final int CHARS_MAX = 128 << 10;
    private static final int PARTS_MAX = 64;
    /** Ids over this length are refused by providers when they come from a client. */
    private static final int ID_CHARS_MAX = 32;
    /** No provider has longer ones. */
    private static final int KEPT_ID_CHARS_MAX = 256;

    private final List<Told> items = new ArrayList<>();
    private int chars;
    private int dropped;
    private boolean toldOfItems;

    /** An item, and what can be said of it; a content without text holds its place in {@code parts} for its transcript. */
    private static final class Told {
        private final String id;
        private JsonNode item = JsonNodeFactory.instance.objectNode();
        private final List<String> parts = new ArrayList<>(1);

        Told(String id) {
            this.id = id;
        }

        void forget() {
            item = JsonNodeFactory.instance.objectNode();
            parts.clear();
        }

        int chars() {
            int sum = id.length();
            for (JsonNode text : item) {
                sum += text.asText().length();
            }
            for (String part : parts) {
                sum += part.length();
            }
            return sum;
        }
    }

    /** What another upstream is to be told, and how many items it cannot be told of. */
    record Replay(List<Buffer> events, int items, int omitted) {
        /** With so many items less, which were refused. */
        Replay without(int refused) {
            int less = Math.min(items, refused);
            return new Replay(events, items - less, omitted + less);
        }
    }

    /** The provider tells of an item, maybe again: behind the one that it names, else at the end. */
    void tell(JsonNode item, JsonNode previousId) {
        toldOfItems = true;
        keep(item, previousId);
    }

    /** An item of a response that is done: it counts where the provider does not tell of items by themselves. */
    void answered(JsonNode item) {
        if (!toldOfItems) {
            keep(item, MissingNode.getInstance());
        }
    }

    /** What the user said has been transcribed. */
    void transcribed(String itemId, int contentIndex, String transcript) {
        Told told = find(itemId);
        if (told != null && contentIndex >= 0 && contentIndex < told.parts.size()) {
            chars += transcript.length()
                    - told.parts.set(contentIndex, transcript).length();
            makeRoom();
        }
    }

    /** The audio was cut: the provider forgets what was said in it, and so does this. */
    void truncated(String itemId) {
        Told told = find(itemId);
        if (told != null) {
            chars -= told.chars();
            told.parts.replaceAll(_ -> "");
            chars += told.chars();
        }
    }

    void deleted(String itemId) {
        Told told = find(itemId);
        if (told != null) {
            items.remove(told);
            chars -= told.chars();
        }
    }

    /** The conversation as client events, in its order. */
    Replay replay(OwnEvents ids) {
        List<Buffer> events = new ArrayList<>();
        Set<String> calls = new HashSet<>();
        for (Told told : items) {
            ObjectNode item = told(told, calls);
            if (item != null) {
                events.add(ClientEvents.itemCreate(ids.next(), item.toString()));
            }
        }
        return new Replay(events, events.size(), dropped + items.size() - events.size());
    }

    private void keep(JsonNode item, JsonNode previousId) {
        String id = item.path("id").textValue();
        if (id == null || id.length() > KEPT_ID_CHARS_MAX) {
            return;
        }
        Told known = find(id);
        Told told = known == null ? new Told(id) : known;
        chars -= known == null ? 0 : known.chars();
        told.item = reduced(item);
        remember(told.parts, item.path("content"));
        if (told.chars() > CHARS_MAX) {
            told.forget(); // alone it would push out all others
        }
        chars += told.chars();
        if (known == null) {
            items.add(placeBehind(previousId), told);
        }
        makeRoom();
    }

    /** Null when there is nothing to say: no text, or the result of a call that is not known any more. */
    private static @Nullable ObjectNode told(Told told, Set<String> calls) {
        ObjectNode item = told.item.deepCopy();
        String call = item.path("call_id").asText("");
        switch (item.path("type").asText("")) {
            case "message" -> {
                String type = item.path("role").asText("").equals("assistant") ? "output_text" : "input_text";
                told.parts.stream()
                        .filter(part -> !part.isEmpty())
                        .forEach(part -> item.withArray("/content")
                                .addObject()
                                .put("type", type)
                                .put("text", part));
                if (!item.has("content")) {
                    return null;
                }
            }
            case "function_call" -> calls.add(call);
            case "function_call_output" -> {
                if (!calls.contains(call)) {
                    return null;
                }
            }
            default -> {
                return null;
            }
        }
        if (told.id.length() <= ID_CHARS_MAX) {
            item.put("id", told.id);
        }
        return item;
    }

    /** What is kept of an item beside its content. */
    private static ObjectNode reduced(JsonNode item) {
        ObjectNode kept = JsonNodeFactory.instance.objectNode();
        for (String name : List.of("type", "role", "name", "call_id", "arguments", "output")) {
            if (item.path(name).isTextual()) {
                kept.set(name, item.get(name));
            }
        }
        return kept;
    }

    /** The provider may tell of a content again without the transcript that it told before. */
    private static void remember(List<String> parts, JsonNode content) {
        for (int i = 0; i < Math.min(PARTS_MAX, content.size()); i++) {
            JsonNode part = content.get(i);
            String text = part.path("text").asText(part.path("transcript").asText(""));
            if (i >= parts.size()) {
                parts.add(text);
            } else if (!text.isEmpty()) {
                parts.set(i, text);
            }
        }
    }

    private int placeBehind(JsonNode previousId) {
        if (previousId.isNull() && dropped == 0) {
            return 0;
        }
        Told previous = find(previousId.asText(""));
        return previous == null ? items.size() : items.indexOf(previous) + 1;
    }

    private void makeRoom() {
        while (items.size() > ITEMS_MAX || chars > CHARS_MAX) {
            chars -= items.removeFirst().chars();
            dropped++;
        }
    }

    private @Nullable Told find(String id) {
        for (int i = items.size() - 1; i >= 0; i--) {
            if (items.get(i).id.equals(id)) {
                return items.get(i);
            }
        }
        return null;
    }
}
