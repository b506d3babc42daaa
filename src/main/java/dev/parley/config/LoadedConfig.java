package dev.parley.config;

import java.util.List;

/** The settings, and for each of them what is in force and why, in the order of the file. */
public record LoadedConfig(BrokerConfig config, List<EffectiveSetting> effective) {
    public LoadedConfig {
        effective = List.copyOf(effective);
    }
}
