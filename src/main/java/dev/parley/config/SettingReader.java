package dev.parley.config;

import dev.parley.config.EffectiveSetting.Origin;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Answers the loader's questions from the environment, then the file, then the default, and remembers what was asked: so
 * the loader's questions are the list of all settings, and whatever was given but never asked for is unknown.
 */
final class SettingReader {
    /** Names the file itself; read before everything else. */
    static final String FILE_VARIABLE = "PARLEY_CONFIG";

    private static final Pattern REFERENCE = Pattern.compile("\\$\\{([A-Za-z_][A-Za-z0-9_]*)}");

    private final Map<String, String> file;
    private final Map<String, String> environment;
    private final List<String> problems;
    private final Map<String, EffectiveSetting> effective = new LinkedHashMap<>();

    SettingReader(Map<String, String> file, Map<String, String> environment, List<String> problems) {
        this.file = file;
        this.environment = environment;
        this.problems = problems;
    }

    /** The value of {@code key}; the default also when the given value is refused, which is then reported. */
    <T> T read(String key, ValueKind<T> kind, T fallback) {
        T given = given(key, kind, kind.show().apply(fallback));
        return given == null ? fallback : given;
    }

    /** The value of {@code key}, or null if it is not set. */
    <T> @Nullable T readOptional(String key, ValueKind<T> kind) {
        return given(key, kind, "-");
    }

    /** Replaces what is shown for {@code key}: for defaults that follow from other settings. */
    void derive(String key, String shown, Origin origin) {
        effective.put(key, new EffectiveSetting(key, shown, origin));
    }

    /** The names that the file has directly under {@code section}, in its order. */
    Set<String> namesUnder(String section) {
        String prefix = section + ".";
        return file.keySet().stream()
                .filter(key -> key.startsWith(prefix))
                .map(key -> key.substring(prefix.length()).split("\\.", 2)[0])
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    /** Whether the file or the environment gives {@code key} a value. */
    boolean isSet(String key) {
        return !file.getOrDefault(key, "").isEmpty()
                || !environment
                        .getOrDefault(EffectiveSetting.environmentName(key), "")
                        .isEmpty();
    }

    void complain(String problem) {
        problems.add(problem);
    }

    List<EffectiveSetting> effective() {
        return List.copyOf(effective.values());
    }

    /** Reports keys and variables that nobody asked for. */
    void complainAboutTheUnknown() {
        for (String key : file.keySet()) {
            if (!effective.containsKey(key)) {
                problems.add(key + " is not a setting" + hint(key));
            }
        }
        List<String> names = new ArrayList<>(effective.keySet().stream()
                .map(EffectiveSetting::environmentName)
                .toList());
        names.add(FILE_VARIABLE);
        for (String name : new TreeMap<>(environment).keySet()) {
            if (name.startsWith("PARLEY_") && !names.contains(name)) {
                problems.add(name + " (environment) is not a setting; config/parley.yaml lists all of them");
            }
        }
    }

    private <T> @Nullable T given(String key, ValueKind<T> kind, String fallbackShown) {
        String variable = EffectiveSetting.environmentName(key);
        String fromEnvironment = environment.getOrDefault(variable, "");
        String fromFile = file.getOrDefault(key, "");
        effective.put(key, new EffectiveSetting(key, fallbackShown, Origin.DEFAULT));
        if (!fromEnvironment.isEmpty()) {
            return parse(key, variable, fromEnvironment, kind, Origin.ENVIRONMENT);
        }
        if (!fromFile.isEmpty()) {
            return parse(key, key, kind.isSecret() ? resolve(key, fromFile) : fromFile, kind, Origin.FILE);
        }
        return null;
    }

    private <T> @Nullable T parse(String key, String source, String text, ValueKind<T> kind, Origin origin) {
        try {
            T value = kind.parse().apply(text);
            String shown = kind.show().apply(value);
            EffectiveSetting fallback = effective.get(key);
            boolean same = origin == Origin.FILE
                    && fallback != null
                    && fallback.shown().equals(shown);
            effective.put(key, new EffectiveSetting(key, shown, same ? Origin.DEFAULT : origin));
            return value;
        } catch (IllegalArgumentException e) {
            String shown = kind.isSecret() ? "****" : ValueKind.maskUrl(text);
            problems.add(source + " = " + shown + ": must be " + kind.allowed());
            return null;
        }
    }

    /** {@code ${NAME}} in a secret of the file is taken from the environment, so that the file need not hold it. */
    private String resolve(String key, String text) {
        Matcher reference = REFERENCE.matcher(text);
        if (!reference.matches()) {
            return text;
        }
        String value = environment.getOrDefault(reference.group(1), "");
        if (value.isEmpty()) {
            problems.add(key + " = " + text + ": the environment variable " + reference.group(1) + " is not set");
        }
        return value;
    }

    private String hint(String key) {
        String last = key.substring(key.lastIndexOf('.') + 1);
        return effective.keySet().stream()
                .filter(known -> known.equals(key.replace('_', '-')) || known.endsWith("." + last))
                .findFirst()
                .map(known -> "; did you mean " + known + "?")
                .orElse("; config/parley.yaml lists all of them");
    }
}
