package dev.parley.config;

import java.util.List;

/** The settings cannot be used; lists everything that is wrong with them, not only the first mistake. */
public final class ConfigException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient List<String> problems;

    ConfigException(List<String> problems) {
        super(String.join("\n", problems));
        this.problems = List.copyOf(problems);
    }

    /** One sentence for each mistake: its name, its value (masked if secret) and what is allowed. */
    public List<String> problems() {
        return problems;
    }
}
