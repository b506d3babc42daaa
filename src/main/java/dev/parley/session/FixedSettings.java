package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.parley.auth.Binding;
import dev.parley.auth.Caller;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.protocol.Json;
import io.vertx.core.buffer.Buffer;
import java.util.LinkedHashSet;
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

    /** What the broker itself changes, according to what can be paid. */
    private static final Set<String> OWN = Set.of("max_output_tokens", "create_response", "idle_timeout_ms");
    /** What says to the model what it is, whether the secret says it or not. */
    private static final Set<String> TELLING = Set.of("instructions", "tools", "tool_choice", "prompt");

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

    /**
     * Which fixed setting was changed past the broker; empty if none was.
     *
     * @param begun what the provider reported at first, with all that it adds by itself
     * @param now what it reports now
     */
    Optional<Refusal> offence(JsonNode begun, JsonNode now) {
        Set<String> names = new LinkedHashSet<>(fixed);
        if (names.remove(Binding.ALL)) {
            names.addAll(TELLING);
            bound.properties().forEach(member -> names.add(member.getKey()));
            names.removeAll(FREE);
        }
        return names.stream()
                .filter(name -> {
                    String path = '/' + name.replace('.', '/');
                    String last = name.substring(name.lastIndexOf('.') + 1);
                    return differs(last, bound.at(path), begun.at(path), now.at(path));
                })
                .findFirst()
                .flatMap(name -> refused("session", name));
    }

    /** Of an object, what the secret says of it counts; or all that it was, if that says nothing. */
    private static boolean differs(String name, JsonNode bound, JsonNode begun, JsonNode now) {
        if (OWN.contains(name)) {
            return false;
        }
        JsonNode shape = bound.isMissingNode() ? begun : bound;
        if (!shape.isObject() || !begun.isObject() || !now.isObject()) {
            return !isSame(begun, now);
        }
        return shape.properties().stream().anyMatch(member -> {
            String inner = member.getKey();
            return differs(inner, member.getValue(), begun.path(inner), now.path(inner));
        });
    }

    /** Nothing, null and an empty list are the same. */
    private static boolean isSame(JsonNode one, JsonNode other) {
        return one.equals(other) || (isNothing(one) && isNothing(other));
    }

    private static boolean isNothing(JsonNode node) {
        return node.isMissingNode() || node.isNull() || (node.isArray() && node.isEmpty());
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
