package dev.parley.turn;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.conversation.Item;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which items of a conversation a response reads: all, as long as they fit; else the oldest fall out, as at the provider, and
 * stay out, so that what is read begins alike each time and can be cached. On the session's event loop.
 */
final class Context {
    /** The oldest item that was read last; null while nothing has fallen out. */
    private @Nullable Item oldest;

    /**
     * @param tokensMax for items
     * @param truncation the session's setting; when it is disabled everything is sent, and the provider fails the response
     */
    List<Item> of(List<Item> items, long tokensMax, JsonNode truncation) {
        if ("disabled".equals(truncation.textValue())) {
            return List.copyOf(items);
        }
        long most = truncation.at("/token_limits/post_instructions").asLong(Long.MAX_VALUE);
        int first = first(
                items,
                Math.min(tokensMax, most),
                truncation.path("retention_ratio").asDouble(1));
        oldest = first == 0 ? null : items.get(first);
        return withTheirCalls(items.subList(first, items.size()));
    }

    private int first(List<Item> items, long tokensMax, double retained) {
        int first = Math.max(0, items.indexOf(oldest));
        long tokens = 0;
        for (Item item : items.subList(first, items.size())) {
            tokens += item.tokens().total();
        }
        if (tokens <= tokensMax) {
            return first;
        }
        while (tokens > tokensMax * retained && first < items.size() - 1) {
            tokens -= items.get(first).tokens().total();
            first++;
        }
        return first;
    }

    /** A tool's output whose call has fallen out would be refused. */
    private static List<Item> withTheirCalls(List<Item> items) {
        Set<String> calls = new HashSet<>();
        List<Item> read = new ArrayList<>(items.size());
        for (Item item : items) {
            String call = item.json().path("call_id").asText();
            if (item.type().equals("function_call")) {
                calls.add(call);
            }
            if (!item.type().equals("function_call_output") || calls.contains(call)) {
                read.add(item);
            }
        }
        return read;
    }
}
