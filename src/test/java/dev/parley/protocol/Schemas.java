package dev.parley.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Holds answers against the schemas of the OpenAPI document: types, required fields, enumerations, and no field that is not
 * described. As much of JSON Schema as the document uses.
 */
public final class Schemas {
    private final JsonNode document;

    public Schemas(String document) throws IOException {
        this.document = new ObjectMapper().readTree(document);
    }

    /** What is wrong with an answer; empty if nothing. */
    public List<String> problems(String path, String method, int status, String body) throws IOException {
        JsonNode response = document.at(
                "/paths/" + path.replace("~", "~0").replace("/", "~1") + "/" + method + "/responses/" + status);
        JsonNode schema = resolve(response).at("/content/application~1json/schema");
        if (schema.isMissingNode()) {
            return List.of("no schema for " + method + " " + path + " " + status);
        }
        List<String> problems = new ArrayList<>();
        check(schema, new ObjectMapper().readTree(body), path, problems);
        return problems;
    }

    private void check(JsonNode given, JsonNode value, String at, List<String> problems) {
        JsonNode schema = resolve(given);
        if (schema.has("enum") && !contains(schema.get("enum"), value)) {
            problems.add(at + ": " + value + " is none of " + schema.get("enum"));
        }
        if (schema.has("type")
                && !types(schema).contains(typeOf(value))
                && !(typeOf(value).equals("integer") && types(schema).contains("number"))) {
            problems.add(at + ": " + typeOf(value) + " is not " + types(schema));
        }
        if (schema.has("pattern")
                && value.isTextual()
                && !value.asText().matches(schema.get("pattern").asText())) {
            problems.add(at + ": does not match " + schema.get("pattern"));
        }
        if (value.isArray() && schema.has("items")) {
            value.forEach(item -> check(schema.get("items"), item, at + "[]", problems));
        }
        if (value.isObject()) {
            checkObject(schema, value, at, problems);
        }
    }

    private void checkObject(JsonNode schema, JsonNode value, String at, List<String> problems) {
        List<JsonNode> layers = new ArrayList<>(List.of(schema));
        schema.path("allOf").forEach(one -> layers.add(resolve(one)));
        boolean described = layers.stream().anyMatch(layer -> layer.has("properties"))
                && layers.stream()
                        .noneMatch(layer -> layer.path("additionalProperties").asBoolean());
        for (JsonNode layer : layers) {
            layer.path("required").forEach(field -> {
                if (!value.has(field.asText())) {
                    problems.add(at + ": lacks " + field.asText());
                }
            });
        }
        value.fieldNames()
                .forEachRemaining(field -> layers.stream()
                        .filter(layer -> layer.path("properties").has(field))
                        .findFirst()
                        .ifPresentOrElse(
                                layer -> check(
                                        layer.get("properties").get(field),
                                        value.get(field),
                                        at + "." + field,
                                        problems),
                                () -> {
                                    if (described) {
                                        problems.add(at + ": " + field + " is not described");
                                    }
                                }));
    }

    private JsonNode resolve(JsonNode schema) {
        return schema.has("$ref") ? document.at(schema.get("$ref").asText().substring(1)) : schema;
    }

    private static boolean contains(JsonNode list, JsonNode value) {
        for (JsonNode one : list) {
            if (one.equals(value)) {
                return true;
            }
        }
        return false;
    }

    private static Set<String> types(JsonNode schema) {
        Set<String> types = new LinkedHashSet<>();
        if (schema.get("type").isArray()) {
            schema.get("type").forEach(type -> types.add(type.asText()));
        } else {
            types.add(schema.get("type").asText());
        }
        return types;
    }

    private static String typeOf(JsonNode value) {
        return switch (value.getNodeType()) {
            case OBJECT -> "object";
            case ARRAY -> "array";
            case STRING -> "string";
            case BOOLEAN -> "boolean";
            case NUMBER -> value.isIntegralNumber() ? "integer" : "number";
            default -> "null";
        };
    }
}
