package dev.parley.admin;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads the fields of a request's body. Mistakes are gathered, and {@link #done} tells all of them at once, fields that nobody
 * has asked for among them.
 */
final class Fields {
    /** Of a text in a list. */
    private static final int TEXT_MAX = 255;

    private final JsonObject body;
    /** What the names of the fields begin with in messages: empty, or the name of the object that holds them and a dot. */
    private final String prefix;

    private final Map<String, String> mistakes;
    private final Set<String> asked = new HashSet<>();
    private final List<Fields> inner = new ArrayList<>();

    Fields(JsonObject body) {
        this(body, "", new LinkedHashMap<>());
    }

    private Fields(JsonObject body, String prefix, Map<String, String> mistakes) {
        this.body = body;
        this.prefix = prefix;
        this.mistakes = mistakes;
    }

    /** @throws Problem with all mistakes, if there are any */
    void done() {
        refuseUnknown();
        if (!mistakes.isEmpty()) {
            throw Problem.invalid(mistakes);
        }
    }

    private void refuseUnknown() {
        for (String field : body.fieldNames()) {
            if (!asked.contains(field)) {
                mistake(field, "there is no such field");
            }
        }
        inner.forEach(Fields::refuseUnknown);
    }

    void mistake(String field, String message) {
        mistakes.putIfAbsent(prefix + field, message);
    }

    /** An object in a field, whose fields are read in turn. */
    Optional<Fields> object(String field) {
        Object value = value(field);
        if (value == null) {
            return Optional.empty();
        }
        if (!(value instanceof JsonObject object)) {
            mistake(field, "is an object");
            return Optional.empty();
        }
        return Optional.of(inside(object, field));
    }

    List<Fields> objects(String field, int most) {
        Object value = value(field);
        if (value == null) {
            return List.of();
        }
        if (!(value instanceof JsonArray array)
                || array.size() > most
                || array.stream().anyMatch(one -> !(one instanceof JsonObject))) {
            mistake(field, "is a list of up to " + most + " objects");
            return List.of();
        }
        List<Fields> objects = new ArrayList<>();
        for (int i = 0; i < array.size(); i++) {
            objects.add(inside(array.getJsonObject(i), field + "[" + i + "]"));
        }
        return objects;
    }

    private Fields inside(JsonObject object, String field) {
        Fields fields = new Fields(object, prefix + field + ".", mistakes);
        inner.add(fields);
        return fields;
    }

    /** Whether the field is there and null. */
    boolean isNull(String field) {
        return has(field) && value(field) == null;
    }

    /** Whether a text is there and has nothing in it. */
    boolean isEmpty(String field) {
        return "".equals(value(field));
    }

    boolean has(String field) {
        return body.containsKey(field);
    }

    String text(String field, int lengthMax) {
        Optional<String> value = optionalText(field, lengthMax);
        if (value.isEmpty()) {
            mistake(field, "is required");
        }
        return value.orElse("");
    }

    Optional<String> optionalText(String field, int lengthMax) {
        Object value = value(field);
        if (value == null) {
            return Optional.empty();
        }
        if (!isText(value, lengthMax)) {
            mistake(field, "is a text of 1 to " + lengthMax + " characters, without the character 0");
            return Optional.empty();
        }
        return Optional.of((String) value);
    }

    /** Postgres keeps no text with a NUL. */
    private static boolean isText(@Nullable Object value, int lengthMax) {
        return value instanceof String text && !text.isBlank() && text.length() <= lengthMax && text.indexOf('\0') < 0;
    }

    /** A value that a type makes of a text; what it refuses is the field's mistake. */
    <T> Optional<T> parsed(String field, int lengthMax, Function<String, T> parse) {
        return optionalText(field, lengthMax).flatMap(text -> {
            try {
                return Optional.of(parse.apply(text));
            } catch (IllegalArgumentException refused) {
                mistake(field, String.valueOf(refused.getMessage()));
                return Optional.empty();
            }
        });
    }

    Optional<Long> number(String field, long min, long max) {
        Object value = value(field);
        if (value == null) {
            return Optional.empty();
        }
        if (!(value instanceof Integer || value instanceof Long)
                || ((Number) value).longValue() < min
                || ((Number) value).longValue() > max) {
            mistake(field, "is a whole number from " + min + " to " + max);
            return Optional.empty();
        }
        return Optional.of(((Number) value).longValue());
    }

    /** An amount of money or tokens: a text, so that no client rounds it. */
    Optional<Long> amount(String field) {
        return optionalText(field, 19).flatMap(text -> {
            try {
                long amount = Long.parseLong(text);
                if (amount >= 0) {
                    return Optional.of(amount);
                }
            } catch (NumberFormatException e) {
                // told below
            }
            mistake(field, "is a text of a whole number, such as \"2500000000\" nano-dollars for $2.50");
            return Optional.empty();
        });
    }

    Optional<List<Integer>> numbers(String field) {
        Object value = value(field);
        if (value == null) {
            return Optional.empty();
        }
        if (!(value instanceof JsonArray array) || array.stream().anyMatch(one -> !(one instanceof Integer))) {
            mistake(field, "is a list of whole numbers");
            return Optional.empty();
        }
        return Optional.of(array.stream().map(Integer.class::cast).toList());
    }

    Optional<Boolean> flag(String field) {
        Object value = value(field);
        if (value == null) {
            return Optional.empty();
        }
        if (!(value instanceof Boolean flag)) {
            mistake(field, "is true or false");
            return Optional.empty();
        }
        return Optional.of(flag);
    }

    Optional<Instant> time(String field) {
        return optionalText(field, 40).flatMap(text -> {
            Optional<Instant> time = Times.read(text);
            if (time.isEmpty()) {
                mistake(field, "is a time such as 2026-12-31T00:00:00Z");
            }
            return time;
        });
    }

    Optional<List<String>> texts(String field, int most) {
        Object value = value(field);
        if (value == null) {
            return Optional.empty();
        }
        if (!(value instanceof JsonArray array)
                || array.size() > most
                || array.stream().anyMatch(one -> !isText(one, TEXT_MAX))) {
            mistake(field, "is a list of up to " + most + " texts");
            return Optional.empty();
        }
        List<String> texts = new ArrayList<>();
        array.forEach(one -> texts.add((String) one));
        return Optional.of(texts);
    }

    private Object value(String field) {
        asked.add(field);
        return body.getValue(field);
    }
}
