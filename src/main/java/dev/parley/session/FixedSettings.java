package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.parley.auth.Binding;
import dev.parley.auth.Caller;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.protocol.Json;
import io.vertx.core.buffer.Buffer;
import java.util.Optional;
import java.util.Set;

/**
 * The settings that a client secret has fixed. A client may repeat them; it may not change them, for its session or for one
 * response. Immutable.
 */
final class FixedSettings {
    static final FixedSettings NONE = new FixedSettings(MissingNode.getInstance(), Set.of());

    /** What a response is about, and no setting. */
    private static final Set<String> FREE = Set.of("type", "model", "metadata", "conversation", "input");

    private final JsonNode bound;
    private final Set<String> fixed;

    private FixedSettings(JsonNode bound, Set<String> fixed) {
        this.bound = bound;
        this.fixed = fixed;
    }

    static FixedSettings of(Caller caller) {
        Binding binding = caller.binding();
        return binding == null || binding.fixed().isEmpty()
                ? NONE
                : new FixedSettings(
                        Json.object(Buffer.buffer(binding.session())).orElse(MissingNode.getInstance()),
                        binding.fixed());
    }

    /** @param where the name of the object, {@code session} or {@code response} */
    Optional<Refusal> refusal(JsonNode object, String where) {
        if (!object.isObject()) {
            return Optional.empty();
        }
        for (String name : fixed) {
            if (name.equals(Binding.ALL)) {
                for (var member : object.properties()) {
                    if (!FREE.contains(member.getKey()) && !repeats(member.getValue(), bound.path(member.getKey()))) {
                        return refused(where, member.getKey());
                    }
                }
            } else if (changes(object, name)) {
                return refused(where, name);
            }
        }
        return Optional.empty();
    }

    /** Whether the object says something else of a setting, or of what holds it. */
    private boolean changes(JsonNode object, String name) {
        JsonNode said = object;
        JsonNode is = bound;
        for (String member : name.split("\\.", -1)) {
            if (!said.isObject()) {
                return true; // what holds the setting is replaced
            }
            said = said.path(member);
            is = is.path(member);
            if (said.isMissingNode()) {
                return false;
            }
        }
        return !repeats(said, is);
    }

    /** Whether a partial update leaves everything as it is bound. */
    private static boolean repeats(JsonNode said, JsonNode bound) {
        if (!said.isObject() || !bound.isObject()) {
            return said.equals(bound);
        }
        for (var member : said.properties()) {
            if (!repeats(member.getValue(), bound.path(member.getKey()))) {
                return false;
            }
        }
        return true;
    }

    private static Optional<Refusal> refused(String where, String name) {
        return Optional.of(Refusal.of(
                        Kind.FORBIDDEN,
                        "setting_fixed",
                        "This setting was fixed when the client secret was made, and cannot be changed.")
                .param(where + '.' + name));
    }
}
