package dev.parley.config;

/** How and what is logged. */
public record LogConfig(Format format, Level level) {
    /** Lines for people or JSON lines for collectors. */
    public enum Format {
        TEXT,
        JSON
    }

    /** From this level on. */
    public enum Level {
        ERROR,
        WARN,
        INFO,
        DEBUG
    }
}
