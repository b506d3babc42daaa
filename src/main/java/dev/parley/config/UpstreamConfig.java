package dev.parley.config;

import java.time.Duration;
import java.util.List;

/**
 * The providers.
 *
 * @param accounts those of the settings; empty runs on the accounts in the database, and without any on the simulator
 * @param simulator whether the settings ask for the built-in simulator by name
 * @param connectTimeout from the start of a connection to {@code session.created}
 * @param sessionsMax upstream sessions at once, of this node, of an account that says nothing else
 */
public record UpstreamConfig(
        List<AccountConfig> accounts, boolean simulator, Duration connectTimeout, int sessionsMax) {
    public UpstreamConfig {
        accounts = List.copyOf(accounts);
    }
}
