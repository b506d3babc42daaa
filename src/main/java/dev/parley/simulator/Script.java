package dev.parley.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.Trees;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** What one session does other than by default. Immutable; safe on any thread. {@link ScriptKey} lists what there is. */
public final class Script {
    /** The provider at its best. */
    public static final Script NONE = new Script(Trees.object());

    private final ObjectNode settings;

    private Script(ObjectNode settings) {
        this.settings = settings;
    }

    /** Reads {@code {"audioDeltaBytes":75000,…}}; an unknown key or a value out of range is an {@link IllegalArgumentException}. */
    public static Script parse(String json) {
        return of(Trees.parseObject(json));
    }

    static Script of(ObjectNode settings) {
        settings.properties()
                .forEach(setting -> ScriptKey.named(setting.getKey())
                        .orElseThrow(
                                () -> new IllegalArgumentException("unknown script key '" + setting.getKey() + "'"))
                        .check(setting.getValue()));
        return new Script(settings.deepCopy());
    }

    /** This script with one key more; {@code value} is what JSON has: a string, a boolean, an int, or JSON text for objects. */
    public Script with(ScriptKey key, Object value) {
        ObjectNode more = settings.deepCopy();
        switch (value) {
            case Boolean flag -> more.put(key.json(), flag);
            case Integer count -> more.put(key.json(), count);
            case String text
            when text.startsWith("{") || text.startsWith("[") -> more.set(key.json(), Trees.parse(text));
            case String text -> more.put(key.json(), text);
            default -> throw new IllegalArgumentException("no JSON value: " + value.getClass());
        }
        return of(more);
    }

    /** This script, and what it leaves open as the other one has it. */
    Script over(Script other) {
        ObjectNode both = other.settings.deepCopy();
        both.setAll(settings);
        return new Script(both);
    }

    ObjectNode toJson() {
        return settings.deepCopy();
    }

    boolean has(ScriptKey key) {
        return settings.has(key.json());
    }

    boolean flag(ScriptKey key) {
        return settings.path(key.json()).asBoolean(false);
    }

    /** True when the flag was set to false. */
    boolean denied(ScriptKey key) {
        return has(key) && !flag(key);
    }

    OptionalInt count(ScriptKey key) {
        return has(key) ? OptionalInt.of(settings.path(key.json()).intValue()) : OptionalInt.empty();
    }

    int count(ScriptKey key, int otherwise) {
        return count(key).orElse(otherwise);
    }

    /** The entry for the {@code index}th use: lists go round. */
    int countAt(ScriptKey key, int index, int otherwise) {
        JsonNode value = settings.path(key.json());
        return value.isArray() ? value.path(index % value.size()).intValue() : count(key, otherwise);
    }

    @Nullable
    String text(ScriptKey key) {
        return settings.path(key.json()).textValue();
    }

    String choice(ScriptKey key, String otherwise) {
        return settings.path(key.json()).asText(otherwise);
    }

    Optional<ObjectNode> object(ScriptKey key) {
        return settings.path(key.json()) instanceof ObjectNode object ? Optional.of(object) : Optional.empty();
    }

    JsonNode list(ScriptKey key) {
        return settings.path(key.json());
    }

    @Override
    public String toString() {
        return Trees.write(settings);
    }
}
