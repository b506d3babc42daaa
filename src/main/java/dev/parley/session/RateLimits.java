package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.quota.SessionPermit.RateLimit;
import dev.parley.quota.Unit;
import io.vertx.core.buffer.Buffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code rate_limits.updated} with the tenant's limits in place of those of the provider's account. Pure. */
public final class RateLimits {
    private static final double MILLIS_PER_SECOND = 1_000;

    private RateLimits() {}

    /** The event with the tightest limit of each kind; none where there is no limit. */
    static Buffer updated(JsonNode event, List<RateLimit> limits) {
        return updated(event.path("event_id").asText(""), limits);
    }

    /** @param eventId the event's id */
    public static Buffer updated(String eventId, List<RateLimit> limits) {
        Map<Unit, RateLimit> tightest = new LinkedHashMap<>();
        for (RateLimit limit : limits) {
            tightest.merge(limit.unit(), limit, (one, other) -> one.remaining() <= other.remaining() ? one : other);
        }
        ObjectNode own = JsonNodeFactory.instance.objectNode();
        own.put("type", "rate_limits.updated");
        own.put("event_id", eventId);
        ArrayNode told = own.putArray("rate_limits");
        tightest.forEach((unit, limit) -> told.addObject()
                .put("name", unit == Unit.TOKENS ? "tokens" : "requests")
                .put("limit", limit.limit())
                .put("remaining", limit.remaining())
                .put("reset_seconds", limit.resets().toMillis() / MILLIS_PER_SECOND));
        return Buffer.buffer(own.toString());
    }
}
