package dev.parley.webhook;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What waits to be delivered, shared by all nodes. Every call blocks. Thread-safe. */
public interface DeliveryStore {
    /**
     * Takes up to {@code max} deliveries that are due, at most one of each webhook, and none of a webhook to which somebody
     * is delivering. Each counts as a try at once. If its taker does not {@link #finish} it within {@code lease}, it
     * is anybody's again.
     */
    List<Due> take(int max, Duration lease);

    /**
     * Says how a try went, and lets the webhook go.
     *
     * @param retry when to try again after a failure; null gives up
     */
    void finish(Due due, Answer answer, @Nullable Duration retry);

    /** Deliveries neither made nor given up, of all nodes. */
    long waiting();

    /**
     * A delivery to try now.
     *
     * @param lease of its webhook
     * @param attempt counts from 1, this one included
     * @param secret null if it cannot be decrypted
     */
    record Due(
            long id,
            WebhookId webhook,
            long lease,
            int attempt,
            WebhookUrl url,
            @Nullable SigningSecret secret,
            Message message) {}
}
