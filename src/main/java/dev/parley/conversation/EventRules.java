package dev.parley.conversation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which members each client event may have, beside {@code type} and {@code event_id}. */
public final class EventRules {
    private static final Map<String, Set<String>> MEMBERS = Map.of(
            "session.update", Set.of("type", "event_id", "session"),
            "input_audio_buffer.append", Set.of("type", "event_id", "audio"),
            "input_audio_buffer.commit", Set.of("type", "event_id"),
            "input_audio_buffer.clear", Set.of("type", "event_id"),
            "conversation.item.create", Set.of("type", "event_id", "item", "previous_item_id"),
            "conversation.item.truncate", Set.of("type", "event_id", "item_id", "content_index", "audio_end_ms"),
            "conversation.item.delete", Set.of("type", "event_id", "item_id"),
            "conversation.item.retrieve", Set.of("type", "event_id", "item_id"),
            "response.create", Set.of("type", "event_id", "response"),
            "response.cancel", Set.of("type", "event_id", "response_id"));

    private static final List<String> TYPES = List.of(
            "session.update",
            "input_audio_buffer.append",
            "input_audio_buffer.commit",
            "input_audio_buffer.clear",
            "conversation.item.create",
            "conversation.item.truncate",
            "conversation.item.delete",
            "conversation.item.retrieve",
            "response.create",
            "response.cancel");

    private EventRules() {}

    /** Reads a client's event. */
    public static ObjectNode read(String text) {
        try {
            return Trees.parseObject(text);
        } catch (IllegalArgumentException e) {
            throw unreadable(e.getMessage());
        }
    }

    public static ClientError unreadable(@Nullable String why) {
        return new ClientError("invalid_event", "The event could not be read: " + why + ".", null);
    }

    /** The error for a type that no client event has. */
    public static ClientError unknownType(String type) {
        return ClientError.wrongValue(
                "type", "Invalid value: '" + type + "'. Supported values are: " + Checks.quoted(TYPES) + ".");
    }

    public static void check(String type, ObjectNode event) {
        if (event.hasNonNull("event_id")) {
            Checks.text(event.path("event_id"), "event_id");
        }
        Set<String> members = MEMBERS.get(type);
        if (members != null) {
            Checks.onlyMembers(event, "", members);
        }
    }
}
