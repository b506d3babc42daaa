package dev.parley.config;

import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The provider.
 *
 * @param url base such as {@code wss://api.openai.com/v1}; null runs the built-in simulator
 * @param apiKey sent as the bearer
 * @param organization sent as {@code OpenAI-Organization}, if set
 * @param project sent as {@code OpenAI-Project}, if set
 * @param trust PEM file of further authorities for {@code wss}; host names are always verified
 * @param connectTimeout from the start of the connection to {@code session.created}
 * @param sessionsMax upstream sessions at once, of this node
 */
public record UpstreamConfig(
        @Nullable URI url,
        @Nullable Secret apiKey,
        @Nullable String organization,
        @Nullable String project,
        java.nio.file.@Nullable Path trust,
        Duration connectTimeout,
        int sessionsMax) {}
