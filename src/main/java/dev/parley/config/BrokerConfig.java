package dev.parley.config;

import org.jspecify.annotations.Nullable;

/**
 * Every setting of a broker, valid by construction. {@code config/parley.yaml} lists each key with its default; each has an
 * environment variable.
 *
 * @param adminProxies reverse proxies that the admin plane believes who asked them
 * @param oidc null when administrators sign in with passwords only
 */
public record BrokerConfig(
        ListenerConfig http,
        ListenerConfig admin,
        Networks adminProxies,
        DatabaseConfig database,
        UpstreamConfig upstream,
        PoolConfig pool,
        RelayConfig relay,
        AuthConfig auth,
        SessionConfig session,
        TurnConfig turn,
        WebhookConfig webhooks,
        @Nullable OidcConfig oidc,
        TracesConfig traces,
        NodeConfig node,
        LogConfig log) {}
