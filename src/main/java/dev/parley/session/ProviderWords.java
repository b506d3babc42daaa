package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.protocol.Json;
import dev.parley.protocol.JsonSplice;
import dev.parley.protocol.Scrubber;
import dev.parley.upstream.Fault;
import io.vertx.core.buffer.Buffer;
import java.util.List;

/**
 * What a tenant is told in place of a provider's own words: nothing of the account behind it, such as its organisation, its
 * key, and how much of its rate limits is used. Pure.
 */
public final class ProviderWords {
    private static final String ACCOUNT = "The upstream cannot do this now. Please try again later.";

    private ProviderWords() {}

    /** The message of an {@code error} object; empty if it has none. */
    public static String told(JsonNode error) {
        String message = error.path("message").asText("");
        boolean ofAccount = Fault.isOfAccount(error.path("code").asText(""))
                || Fault.isOfAccount(error.path("type").asText(""));
        return ofAccount && !message.isEmpty() ? ACCOUNT : Scrubber.scrub(message);
    }

    /**
     * The event with {@link #told} in it; the same if that changes nothing.
     *
     * @param error found in the event at {@code path}
     */
    static Buffer in(Buffer utf8, JsonNode error, List<String> path) {
        JsonNode message = error.path("message");
        String told = told(error);
        return !message.isTextual() || told.equals(message.textValue())
                ? utf8
                : JsonSplice.set(utf8, path, Json.quoted(told));
    }
}
