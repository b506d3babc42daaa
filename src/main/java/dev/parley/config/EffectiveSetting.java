package dev.parley.config;

/**
 * One setting as it is in force.
 *
 * @param key its path in the YAML file, such as {@code http.port}
 * @param shown its value in the notation of the file; secrets are masked; {@code -} when unset
 * @param origin where the value came from
 */
public record EffectiveSetting(String key, String shown, Origin origin) {
    /** Where a value came from. A value in the file that equals the default counts as the default. */
    public enum Origin {
        DEFAULT,
        FILE,
        ENVIRONMENT
    }

    /** The environment variable that sets {@code key}: {@code http.port} is {@code PARLEY_HTTP_PORT}. */
    public static String environmentName(String key) {
        return "PARLEY_" + key.replace('.', '_').replace('-', '_').toUpperCase(java.util.Locale.ROOT);
    }
}
