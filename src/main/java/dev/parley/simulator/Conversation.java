package dev.parley.simulator;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The default conversation: items in order. Confined to the session's event loop; bounded in items and in audio kept. */
final class Conversation {
    static final int ITEMS_MAX = 20_000;
    private static final int AUDIO_BYTES_MAX = 32 << 20;
    /** Of text, and of images as data URIs. */
    private static final long CHARACTERS_MAX = 64 << 20;

    private final String id = Ids.next("conv_");
    private final List<Item> items = new ArrayList<>();
    private final Map<String, Item> byId = new HashMap<>();
    private long audioBytes;
    private long characters;

    String id() {
        return id;
    }

    List<Item> items() {
        return Collections.unmodifiableList(items);
    }

    @Nullable
    Item find(String itemId) {
        return byId.get(itemId);
    }

    @Nullable
    String lastId() {
        return items.isEmpty() ? null : items.getLast().id();
    }

    /** Adds at the end. */
    @Nullable
    String add(Item item) {
        return insert(item, items.size());
    }

    /**
     * Adds after {@code previousId}: null is the end, "root" the start.
     *
     * @return the id of the item before it, null at the start
     */
    @Nullable
    String addAfter(Item item, @Nullable String previousId) {
        if (previousId == null) {
            return add(item);
        }
        if (previousId.equals("root")) {
            return insert(item, 0);
        }
        Item previous = byId.get(previousId);
        if (previous == null) {
            throw new ClientError(
                    "item_create_invalid_previous_item_id",
                    "Error adding item: the previous item with id '" + previousId + "' does not exist.",
                    "previous_item_id");
        }
        return insert(item, items.indexOf(previous) + 1);
    }

    boolean remove(String itemId) {
        Item item = byId.remove(itemId);
        if (item == null) {
            return false;
        }
        items.remove(item);
        audioBytes -= item.audioBytes();
        characters -= item.characters();
        return true;
    }

    /** The id of the item before {@code item}. */
    @Nullable
    String previousOf(Item item) {
        int index = items.indexOf(item);
        return index <= 0 ? null : items.get(index - 1).id();
    }

    boolean hasToolCall(String callId) {
        return items.stream()
                .anyMatch(item -> item.type().equals("function_call")
                        && item.json().path("call_id").asText().equals(callId));
    }

    private @Nullable String insert(Item item, int index) {
        if (items.size() >= ITEMS_MAX) {
            throw ClientError.wrongValue("item", "A conversation holds at most " + ITEMS_MAX + " items.");
        }
        if (characters + item.characters() > CHARACTERS_MAX) {
            throw ClientError.wrongValue("item", "A conversation holds at most " + CHARACTERS_MAX + " characters.");
        }
        if (byId.containsKey(item.id())) {
            throw new ClientError(
                    "item_create_duplicate_id", "Error adding item: the id '" + item.id() + "' is taken.", "item.id");
        }
        items.add(index, item);
        byId.put(item.id(), item);
        audioBytes += item.audioBytes();
        characters += item.characters();
        forgetOldAudio();
        return index == 0 ? null : items.get(index - 1).id();
    }

    private void forgetOldAudio() {
        for (int i = 0; audioBytes > AUDIO_BYTES_MAX && i < items.size() - 1; i++) {
            audioBytes -= items.get(i).audioBytes();
            items.get(i).forgetAudio();
        }
    }
}
