package dev.parley.domain;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Why a request, a session or a response is turned away: the one value from which the HTTP status, the WebSocket close
 * code, the error body in OpenAI's shape and the metric label are made.
 *
 * @param kind what was refused, with its status, close code and OpenAI error type
 * @param code OpenAI's {@code error.code}, or the broker's own where OpenAI has none; stable, for programs
 * @param message for people: which limit, its value, and what to do next; never holds a token or conversation text
 * @param param the field at fault, as in OpenAI's {@code error.param}
 * @param retryAfter when another try can succeed; null if waiting does not help
 */
public record Refusal(
        Kind kind,
        String code,
        String message,
        @Nullable String param,
        @Nullable Duration retryAfter) {

    /** The classes of refusal. */
    public enum Kind {
        BAD_REQUEST(400, 4400, "invalid_request_error"),
        UNAUTHENTICATED(401, 4401, "invalid_request_error"),
        FORBIDDEN(403, 4403, "invalid_request_error"),
        NOT_FOUND(404, 4404, "invalid_request_error"),
        METHOD_NOT_ALLOWED(405, 4405, "invalid_request_error"),
        RATE_LIMITED(429, 4429, "rate_limit_error"),
        BUDGET_EXHAUSTED(429, 4429, "insufficient_quota"),
        UPSTREAM_UNAVAILABLE(503, 1013, "server_error"),
        OVERLOADED(503, 1013, "server_error"),
        DRAINING(503, 1012, "server_error");

        private final int httpStatus;
        private final int closeCode;
        private final String errorType;

        Kind(int httpStatus, int closeCode, String errorType) {
            this.httpStatus = httpStatus;
            this.closeCode = closeCode;
            this.errorType = errorType;
        }

        public int httpStatus() {
            return httpStatus;
        }

        /** The WebSocket close code when the refusal ends a session: 4xxx for policy, 1012 drain, 1013 overload. */
        public int closeCode() {
            return closeCode;
        }

        /** OpenAI's {@code error.type}. */
        public String errorType() {
            return errorType;
        }
    }

    public static Refusal of(Kind kind, String code, String message) {
        return new Refusal(kind, code, message, null, null);
    }

    public Refusal param(String name) {
        return new Refusal(kind, code, message, name, retryAfter);
    }

    public Refusal retryAfter(Duration duration) {
        return new Refusal(kind, code, message, param, duration);
    }
}
