package dev.parley.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.Trees;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Plausible arguments for a function: values that its JSON schema allows, with names taken from what the user said. */
final class Arguments {
    private static final int DEPTH_MAX = 8;
    /** A capital word after another word: most likely a name. */
    private static final Pattern NAME = Pattern.compile("(?<=[a-z,] )\\p{Lu}\\p{L}+");

    private Arguments() {}

    static String forSchema(JsonNode schema, String said) {
        return Trees.write(schema.isObject() ? object(schema, said, 0) : Trees.object());
    }

    private static JsonNode value(JsonNode schema, String said, int depth) {
        JsonNodeFactory json = JsonNodeFactory.instance;
        if (schema.has("default")) {
            return schema.path("default");
        }
        if (schema.has("const")) {
            return schema.path("const");
        }
        if (schema.path("enum").size() > 0) {
            return schema.path("enum").path(0);
        }
        JsonNode types = schema.path("type");
        return switch (types.isArray() ? types.path(0).asText() : types.asText("string")) {
            case "integer" ->
                json.numberNode((int) Math.ceil(schema.path("minimum").asDouble(1)));
            case "number" -> json.numberNode(schema.path("minimum").asDouble(1.5));
            case "boolean" -> json.booleanNode(true);
            case "null" -> json.nullNode();
            case "array" ->
                depth < DEPTH_MAX ? Trees.array().add(value(schema.path("items"), said, depth + 1)) : Trees.array();
            case "object" -> object(schema, said, depth + 1);
            default -> json.textNode(name(said));
        };
    }

    private static ObjectNode object(JsonNode schema, String said, int depth) {
        ObjectNode object = Trees.object();
        if (depth < DEPTH_MAX) {
            schema.path("properties")
                    .properties()
                    .forEach(property -> object.set(property.getKey(), value(property.getValue(), said, depth)));
        }
        return object;
    }

    private static String name(String said) {
        Matcher names = NAME.matcher(said);
        return names.find() ? names.group() : "Paris";
    }
}
