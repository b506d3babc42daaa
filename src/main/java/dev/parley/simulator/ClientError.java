package dev.parley.simulator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** A client event that the provider refuses: becomes an {@code error} event, which leaves the session open. */
final class ClientError extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    static final String INVALID_REQUEST = "invalid_request_error";

    private final String type;
    private final @Nullable String code;
    private final @Nullable String param;

    ClientError(String type, @Nullable String code, String message, @Nullable String param) {
        super(message, null, false, false);
        this.type = type;
        this.code = code;
        this.param = param;
    }

    ClientError(@Nullable String code, String message, @Nullable String param) {
        this(INVALID_REQUEST, code, message, param);
    }

    static ClientError missing(String param) {
        return new ClientError("missing_required_parameter", "Missing required parameter: '" + param + "'.", param);
    }

    static ClientError unknown(String param) {
        return new ClientError("unknown_parameter", "Unknown parameter: '" + param + "'.", param);
    }

    static ClientError wrongType(String param, String wanted) {
        return new ClientError("invalid_type", "Invalid type for '" + param + "': expected " + wanted + ".", param);
    }

    static ClientError wrongValue(String param, String message) {
        return new ClientError("invalid_value", message, param);
    }

    /** The event, with the id of the client's event that caused it. */
    ObjectNode toEvent(@Nullable String clientEventId) {
        ObjectNode event = Json.event("error");
        event.set("error", toError().put("event_id", clientEventId));
        return event;
    }

    /** {@code {type,code,message,param}}. */
    ObjectNode toError() {
        return Json.object()
                .put("type", type)
                .put("code", code)
                .put("message", getMessage())
                .put("param", param);
    }

    @Nullable
    String code() {
        return code;
    }
}
