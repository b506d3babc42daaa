package dev.parley.webhook;

import dev.parley.domain.TenantId;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What became of deliveries, for operators. Every call blocks. Thread-safe. */
public interface DeliveryLog {
    /**
     * The newest deliveries, the newest first.
     *
     * @param webhook null: of all
     * @param failedOnly only those that failed or were given up
     */
    default List<Delivery> list(@Nullable WebhookId webhook, boolean failedOnly, int max) {
        return list(webhook, failedOnly, null, max);
    }

    /**
     * The same from a place on.
     *
     * @param before only those of smaller numbers; null: from the newest on
     */
    List<Delivery> list(@Nullable WebhookId webhook, boolean failedOnly, @Nullable Long before, int max);

    /** Has a delivery that was not made tried again now, with all its tries before it; false if there is no such one. */
    boolean retry(long delivery);

    /** The same for all deliveries of a webhook that were not made; how many. */
    int retryAll(WebhookId webhook);

    /** How far a delivery is. */
    enum State {
        /** Not tried yet, or being tried for the first time. */
        WAITING,
        /** Failed, and tried again at its time. */
        FAILING,
        DELIVERED,
        GIVEN_UP
    }

    /**
     * One delivery.
     *
     * @param event the id that the receiver is told
     * @param lastStatus of the last answer; null: there was none
     * @param lastError why the last try failed; null: it did not
     */
    record Delivery(
            long id,
            WebhookId webhook,
            String event,
            TenantId tenant,
            String budget,
            int threshold,
            State state,
            int attempts,
            Instant createdAt,
            @Nullable Instant nextAttemptAt,
            @Nullable Instant deliveredAt,
            @Nullable Instant givenUpAt,
            @Nullable Integer lastStatus,
            @Nullable String lastError) {}
}
