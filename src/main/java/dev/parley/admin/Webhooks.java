package dev.parley.admin;

import dev.parley.webhook.DeliveryLog;
import dev.parley.webhook.Sender;
import dev.parley.webhook.WebhookRegister;

/**
 * What the admin API does with webhooks.
 *
 * @param sender of test messages
 * @param allowLoopback whether receivers may be on loopback, over http too
 */
public record Webhooks(WebhookRegister register, DeliveryLog deliveries, Sender sender, boolean allowLoopback) {}
