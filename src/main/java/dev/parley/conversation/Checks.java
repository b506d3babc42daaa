package dev.parley.conversation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Checks of members of client events, with the provider's errors. {@code path} is the member's name in the error. */
public final class Checks {
    private Checks() {}

    /** A member that an object may have. */
    public interface Member {
        void check(JsonNode value, String path);
    }

    public static void onlyMembers(ObjectNode object, String path, Set<String> known) {
        object.fieldNames().forEachRemaining(name -> {
            if (!known.contains(name)) {
                throw ClientError.unknown(path.isEmpty() ? name : path + "." + name);
            }
        });
    }

    public static ObjectNode object(JsonNode value, String path) {
        if (value instanceof ObjectNode object) {
            return object;
        }
        throw ClientError.wrongType(path, "an object");
    }

    public static ObjectNode requiredObject(JsonNode parent, String name, String path) {
        if (!parent.has(name)) {
            throw ClientError.missing(path);
        }
        return object(parent.path(name), path);
    }

    public static String requiredText(JsonNode parent, String name, String path) {
        if (!parent.hasNonNull(name)) {
            throw ClientError.missing(path);
        }
        return text(parent.path(name), path);
    }

    public static @Nullable String optionalText(JsonNode parent, String name, String path) {
        return parent.hasNonNull(name) ? text(parent.path(name), path) : null;
    }

    public static String text(JsonNode value, String path) {
        if (!value.isTextual()) {
            throw ClientError.wrongType(path, "a string");
        }
        return value.textValue();
    }

    public static void textOrNull(JsonNode value, String path) {
        if (!value.isNull()) {
            text(value, path);
        }
    }

    public static void objectOrNull(JsonNode value, String path) {
        if (!value.isNull()) {
            object(value, path);
        }
    }

    public static void flag(JsonNode value, String path) {
        if (!value.isBoolean()) {
            throw ClientError.wrongType(path, "a boolean");
        }
    }

    public static void array(JsonNode value, String path) {
        if (!value.isArray()) {
            throw ClientError.wrongType(path, "an array");
        }
    }

    public static void number(JsonNode value, String path, double min, double max) {
        if (!value.isNumber()) {
            throw ClientError.wrongType(path, "a number");
        }
        if (value.doubleValue() < min || value.doubleValue() > max) {
            throw outOfRange(path, value, min, max);
        }
    }

    public static void integer(JsonNode value, String path, int min, int max) {
        if (!value.isIntegralNumber()) {
            throw ClientError.wrongType(path, "an integer");
        }
        if (value.longValue() < min || value.longValue() > max) {
            throw outOfRange(path, value, min, max);
        }
    }

    public static void choice(JsonNode value, String path, List<String> choices) {
        if (!choices.contains(text(value, path))) {
            throw ClientError.wrongValue(
                    path, "Invalid value: '" + value.textValue() + "'. Supported values are: " + quoted(choices) + ".");
        }
    }

    public static String quoted(List<String> choices) {
        return choices.stream()
                .map(choice -> "'" + choice + "'")
                .reduce((a, b) -> a + ", " + b)
                .orElse("");
    }

    private static ClientError outOfRange(String path, JsonNode value, double min, double max) {
        return ClientError.wrongValue(
                path,
                "Invalid value: " + value + ". Expected a value between " + plain(min) + " and " + plain(max) + ".");
    }

    private static String plain(double value) {
        return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }
}
