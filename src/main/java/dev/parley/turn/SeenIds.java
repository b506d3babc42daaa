package dev.parley.turn;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.Ids;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The ids of one response as its client sees them. They are the provider's, so that ledger, tenant and provider speak of the
 * same thing, unless the session has one like it already: a provider may number per upstream session, and a client chooses
 * ids as it likes. On the session's event loop.
 */
final class SeenIds {
    private final String response;
    private final Predicate<String> itemTaken;
    private final Map<String, String> items = new HashMap<>();

    /**
     * @param provided the provider's id of the response
     * @param itemTaken asked once for each item of the response
     */
    SeenIds(String provided, Predicate<String> responseTaken, Predicate<String> itemTaken) {
        this.response = responseTaken.test(provided) ? Ids.next("resp_") : provided;
        this.itemTaken = itemTaken;
    }

    String response() {
        return response;
    }

    /** Changes an event of the response to what its client may see. */
    void apply(ObjectNode event) {
        if (event.has("response_id")) {
            event.put("response_id", response);
        }
        rename(event, "item_id");
        rename(event.path("item"));
        if (event.path("response") instanceof ObjectNode told) {
            told.put("id", response);
            told.path("output").forEach(this::rename);
        }
    }

    private void rename(JsonNode item) {
        if (item instanceof ObjectNode object) {
            rename(object, "id");
        }
    }

    private void rename(ObjectNode object, String member) {
        String id = object.path(member).textValue();
        String own = seen(id);
        if (own != null && !own.equals(id)) {
            object.put(member, own);
        }
    }

    private @Nullable String seen(@Nullable String id) {
        return id == null
                ? null
                : items.computeIfAbsent(id, given -> itemTaken.test(given) ? Ids.next("item_") : given);
    }
}
