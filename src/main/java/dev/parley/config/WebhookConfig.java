package dev.parley.config;

/**
 * Webhooks.
 *
 * @param allowLoopback allows receivers on loopback, over http too, for development
 */
public record WebhookConfig(boolean allowLoopback) {}
