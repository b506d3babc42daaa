package dev.parley.conversation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** A client event that the provider refuses: becomes an {@code error} event, which leaves the session open. */
public final class ClientError extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    public static final String INVALID_REQUEST = "invalid_request_error";

    private final String type;
    private final @Nullable String code;
    private final @Nullable String param;

    public ClientError(String type, @Nullable String code, String message, @Nullable String param) {
        super(message, null, false, false);
        this.type = type;
        this.code = code;
        this.param = param;
    }

    public ClientError(@Nullable String code, String message, @Nullable String param) {
        this(INVALID_REQUEST, code, message, param);
    }

    public static ClientError missing(String param) {
        return new ClientError("missing_required_parameter", "Missing required parameter: '" + param + "'.", param);
    }

    public static ClientError unknown(String param) {
        return new ClientError("unknown_parameter", "Unknown parameter: '" + param + "'.", param);
    }

    public static ClientError wrongType(String param, String wanted) {
        return new ClientError("invalid_type", "Invalid type for '" + param + "': expected " + wanted + ".", param);
    }

    public static ClientError wrongValue(String param, String message) {
        return new ClientError("invalid_value", message, param);
    }

    /** The event, with the id of the client's event that caused it. */
    public ObjectNode toEvent(@Nullable String clientEventId) {
        ObjectNode event = Trees.event("error");
        event.set("error", toError().put("event_id", clientEventId));
        return event;
    }

    /** {@code {type,code,message,param}}. */
    public ObjectNode toError() {
        return Trees.object()
                .put("type", type)
                .put("code", code)
                .put("message", getMessage())
                .put("param", param);
    }

    @Nullable
    public String code() {
        return code;
    }
}
