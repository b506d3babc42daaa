package dev.parley.protocol;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.domain.Refusal;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The one place where a {@link Refusal} becomes an HTTP answer, an {@code error} event or a close. Pure functions. */
public final class RejectionMapper {
    private static final int CLOSE_REASON_BYTES_MAX = 123;

    private RejectionMapper() {}

    /** OpenAI's error body. */
    public static Buffer httpBody(Refusal refusal) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.set("error", error(refusal));
        return Json.bytes(body);
    }

    /** The headers that go with {@link #httpBody}. */
    public static Map<String, String> httpHeaders(Refusal refusal) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Content-Type", "application/json");
        Duration retryAfter = refusal.retryAfter();
        if (retryAfter != null) {
            headers.put(
                    "Retry-After",
                    Long.toString(Math.max(1, retryAfter.plusMillis(999).toSeconds())));
        }
        if (refusal.kind() == Refusal.Kind.UNAUTHENTICATED) {
            headers.put("WWW-Authenticate", "Bearer realm=\"parley\"");
        }
        return headers;
    }

    /**
     * The {@code error} event.
     *
     * @param eventId the broker's id of this event
     * @param clientEventId the client event that is refused, if there is one and it had an id
     */
    public static Buffer errorEvent(Refusal refusal, String eventId, @Nullable String clientEventId) {
        ObjectNode event = JsonNodeFactory.instance.objectNode();
        event.put("type", "error");
        event.put("event_id", eventId);
        event.set("error", error(refusal).put("event_id", clientEventId));
        return Json.bytes(event);
    }

    /** The reason beside {@link Refusal.Kind#closeCode()}, in OpenAI's form {@code type.code}. */
    public static String closeReason(Refusal refusal) {
        String reason = refusal.kind().errorType() + '.' + refusal.code();
        return reason.length() <= CLOSE_REASON_BYTES_MAX ? reason : reason.substring(0, CLOSE_REASON_BYTES_MAX);
    }

    private static ObjectNode error(Refusal refusal) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("message", refusal.message())
                .put("type", refusal.kind().errorType())
                .put("param", refusal.param())
                .put("code", refusal.code());
    }
}
