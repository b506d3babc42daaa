package dev.parley.cli;

import dev.parley.config.ConfigException;
import dev.parley.config.ConfigLoader;
import dev.parley.config.LoadedConfig;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The settings, for every command that needs them. */
final class ConfigOption {
    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = {
                "Settings in YAML. Default: PARLEY_CONFIG, else config/parley.yaml if it is there, else built-in defaults.",
                "Each setting has an environment variable, which wins: http.port is PARLEY_HTTP_PORT."
            })
    private @Nullable Path file;

    LoadedConfig load() throws ConfigException {
        return ConfigLoader.load(chosen(), System.getenv());
    }

    /** Null when only defaults and environment apply. */
    @Nullable
    Path chosen() {
        return ConfigLoader.chooseFile(file, System.getenv());
    }
}
