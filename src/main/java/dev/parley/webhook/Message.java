package dev.parley.webhook;

import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.UUID;

/**
 * What webhooks are told.
 *
 * @param id the same whenever it is sent again, so that receivers can tell
 * @param data what happened, as {@code src/docs/operations.md} describes it for the type
 */
public record Message(String id, String type, Instant createdAt, JsonObject data) {
    /** A budget has passed a threshold. */
    public static final String BUDGET_THRESHOLD_REACHED = "budget.threshold_reached";

    private static final String TEST = "webhook.test";

    /** A message that says nothing, to try a webhook with. */
    public static Message test(WebhookId webhook, Instant now) {
        return new Message(
                "evt_test_" + UUID.randomUUID(), TEST, now, new JsonObject().put("webhook", webhook.value()));
    }

    /** The body of the request; the same bytes each time. */
    String body() {
        return new JsonObject()
                .put("id", id)
                .put("type", type)
                .put("created_at", createdAt.toString())
                .put("data", data)
                .encode();
    }
}
