package dev.parley.conversation;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The default conversation: items in order. Confined to the session's event loop; bounded in items, text and audio kept. */
public final class Conversation {
    private final String id = Ids.next("conv_");
    private final Bounds bounds;
    private final List<Item> items = new ArrayList<>();
    private final Map<String, Item> byId = new HashMap<>();
    private long audioBytes;
    private long characters;

    public Conversation(Bounds bounds) {
        this.bounds = bounds;
    }

    /**
     * What is kept at most.
     *
     * @param charactersMax of text, and of images as data URIs
     * @param audioBytesMax above it the oldest audio is forgotten; its item stays
     * @param dropsOldest whether the oldest items make room for a new one, which is refused otherwise
     */
    public record Bounds(int itemsMax, long charactersMax, long audioBytesMax, boolean dropsOldest) {}

    public String id() {
        return id;
    }

    public List<Item> items() {
        return Collections.unmodifiableList(items);
    }

    @Nullable
    public Item find(String itemId) {
        return byId.get(itemId);
    }

    @Nullable
    public String lastId() {
        return items.isEmpty() ? null : items.getLast().id();
    }

    /** Adds at the end. */
    @Nullable
    public String add(Item item) {
        return insert(item, items.size());
    }

    /**
     * Adds after {@code previousId}: null is the end, "root" the start.
     *
     * @return the id of the item before it, null at the start
     */
    @Nullable
    public String addAfter(Item item, @Nullable String previousId) {
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

    public boolean remove(String itemId) {
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
    public String previousOf(Item item) {
        int index = items.indexOf(item);
        return index <= 0 ? null : items.get(index - 1).id();
    }

    public boolean hasToolCall(String callId) {
        return items.stream()
                .anyMatch(item -> item.type().equals("function_call")
                        && item.json().path("call_id").asText().equals(callId));
    }

    /** Puts an item in the place of the one with its id; false if that one is gone. */
    public boolean replace(Item item) {
        Item old = byId.replace(item.id(), item);
        if (old == null) {
            return false;
        }
        items.set(items.indexOf(old), item);
        audioBytes += item.audioBytes() - old.audioBytes();
        characters += item.characters() - old.characters();
        forgetOldAudio();
        return true;
    }

    private @Nullable String insert(Item item, int at) {
        if (byId.containsKey(item.id())) {
            throw new ClientError(
                    "item_create_duplicate_id", "Error adding item: the id '" + item.id() + "' is taken.", "item.id");
        }
        int index = Math.max(0, at - makeRoom(item));
        items.add(index, item);
        byId.put(item.id(), item);
        audioBytes += item.audioBytes();
        characters += item.characters();
        forgetOldAudio();
        return index == 0 ? null : items.get(index - 1).id();
    }

    /** How many of the oldest were dropped. */
    private int makeRoom(Item item) {
        if (item.characters() > bounds.charactersMax() || item.audioBytes() > bounds.audioBytesMax()) {
            throw ClientError.wrongValue(
                    "item",
                    "An item holds at most " + bounds.charactersMax() + " characters and " + bounds.audioBytesMax()
                            + " bytes of audio.");
        }
        int dropped = 0;
        while (items.size() >= bounds.itemsMax() || characters + item.characters() > bounds.charactersMax()) {
            if (!bounds.dropsOldest()) {
                throw ClientError.wrongValue(
                        "item",
                        "A conversation holds at most " + bounds.itemsMax() + " items and " + bounds.charactersMax()
                                + " characters.");
            }
            remove(items.getFirst().id());
            dropped++;
        }
        return dropped;
    }

    private void forgetOldAudio() {
        if (audioBytes > bounds.audioBytesMax()) {
            forgetOldAudio(true);
            forgetOldAudio(false);
        }
    }

    /** The assistant's first: nothing but a retrieval ever needs it again. The newest item keeps its own. */
    private void forgetOldAudio(boolean assistants) {
        for (int i = 0; audioBytes > bounds.audioBytesMax() && i < items.size() - 1; i++) {
            Item item = items.get(i);
            if (item.isAssistantMessage() == assistants) {
                audioBytes -= item.audioBytes();
                item.forgetAudio();
            }
        }
    }
}
