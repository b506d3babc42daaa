package dev.parley.config;

/**
 * Every setting of a broker, valid by construction. {@code config/parley.yaml} lists each key with its default; each has an
 * environment variable.
 */
public record BrokerConfig(
        ListenerConfig http,
        ListenerConfig admin,
        DatabaseConfig database,
        UpstreamConfig upstream,
        PoolConfig pool,
        RelayConfig relay,
        AuthConfig auth,
        SessionConfig session,
        TurnConfig turn,
        WebhookConfig webhooks,
        NodeConfig node,
        LogConfig log) {}
