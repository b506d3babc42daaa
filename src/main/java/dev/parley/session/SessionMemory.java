package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.parley.protocol.Json;
import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * What a session keeps of itself so that it can go on with another upstream: its settings as its client was told them, the
 * text of its conversation, and the id that its client knows it by. One event loop.
 */
final class SessionMemory {
    private final ConversationText text = new ConversationText();
    private JsonNode settings = MissingNode.getInstance();
    private @Nullable String knownAs;

    /** The session begins, with the provider's {@code session.created}. */
    void begin(Buffer created, @Nullable String id) {
        settings(created);
        knownAs = id;
    }

    /** An event with all settings in it, as the client is told it or would be. */
    void settings(Buffer event) {
        settings = Json.object(event).map(read -> read.path("session")).orElse(settings);
    }

    JsonNode settings() {
        return settings;
    }

    ConversationText text() {
        return text;
    }

    /** Null if the provider gave no id. */
    @Nullable
    String knownAs() {
        return knownAs;
    }
}
