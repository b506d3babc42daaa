package dev.parley.config;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A list of models such as {@code gpt-realtime, gpt-realtime-mini=my-deployment}: what is asked for, and what is sent. */
public final class ModelNames {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}");

    private ModelNames() {}

    /**
     * Reads the list, in its order.
     *
     * @throws IllegalArgumentException if a name is malformed or comes twice
     */
    public static Map<String, String> parse(String text) {
        Map<String, String> models = new LinkedHashMap<>();
        for (String entry : text.split(",", -1)) {
            String[] names = entry.strip().split("\\s*=\\s*", 2);
            String asked = names[0];
            String sent = names[names.length - 1];
            if (!NAME.matcher(asked).matches() || !NAME.matcher(sent).matches() || models.put(asked, sent) != null) {
                throw new IllegalArgumentException("not a list of models: '" + entry.strip() + "'");
            }
        }
        return models;
    }

    /** The list as {@link #parse} reads it. */
    public static String show(Map<String, String> models) {
        return models.entrySet().stream()
                .map(model -> model.getKey().equals(model.getValue())
                        ? model.getKey()
                        : model.getKey() + "=" + model.getValue())
                .sorted()
                .collect(Collectors.joining(", "));
    }

    static ValueKind<Map<String, String>> kind() {
        return new ValueKind<>(
                "models with commas between them, such as gpt-realtime or gpt-realtime=my-deployment",
                ModelNames::parse,
                ModelNames::show);
    }
}
