package dev.parley.dialect;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.dialect.Dialect.Translation;
import dev.parley.protocol.Json;
import dev.parley.protocol.JsonSplice;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Changes to events. What cannot be read is left as it is: whoever gets it judges it. */
final class Edits {
    private static final List<String> TYPE = List.of("type");

    private Edits() {}

    /** The event's type; null if it has none that can be read. */
    static @Nullable String type(Buffer utf8) {
        return Json.member(utf8, "type").orElse(null);
    }

    /** The event under another type, all else as it came. */
    static Translation renamed(Buffer utf8, String type) {
        return new Translation.Changed(JsonSplice.set(utf8, TYPE, Json.quoted(type)));
    }

    /** @param edit says whether it has changed the event */
    static Translation edited(Buffer utf8, Predicate<ObjectNode> edit) {
        return Json.object(utf8)
                .filter(event -> event instanceof ObjectNode object && edit.test(object))
                .<Translation>map(event -> new Translation.Changed(Json.bytes(event)))
                .orElse(Translation.UNCHANGED);
    }
}
