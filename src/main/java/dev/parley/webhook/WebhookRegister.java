package dev.parley.webhook;

import dev.parley.domain.TenantId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Webhooks, for operators. Every call blocks. Thread-safe. */
public interface WebhookRegister {
    /** Makes a webhook, which is sent what happens from now on. */
    WebhookId add(@Nullable TenantId tenant, WebhookUrl url, SigningSecret secret);

    /** All webhooks, the oldest first. */
    List<Webhook> list();

    /** Where it is, and what signs its messages; throws if its secret cannot be decrypted. */
    Optional<Target> target(WebhookId id);

    /** Removes a webhook with its deliveries; false if there is none. */
    boolean remove(WebhookId id);

    /** Lets a webhook be sent to again; what was waiting goes on. False if there is none. */
    boolean enable(WebhookId id);

    /** From now on no event is meant for it and nothing is sent to it. False if there is none. */
    boolean disable(WebhookId id);

    /**
     * A webhook as operators see it.
     *
     * @param tenant whose events it is sent; null: those of all tenants
     * @param failures tries that failed since one succeeded
     * @param waiting deliveries neither made nor given up
     */
    record Webhook(
            WebhookId id,
            @Nullable TenantId tenant,
            WebhookUrl url,
            boolean enabled,
            int failures,
            long waiting,
            Instant createdAt) {}

    /** What it takes to send to a webhook. */
    record Target(WebhookUrl url, SigningSecret secret) {}
}
