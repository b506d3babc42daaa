package dev.parley.admin;

import dev.parley.administration.SignInRefused;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the admin API answers instead of what was asked for: RFC 9457, {@code application/problem+json}. */
final class Problem extends RuntimeException {
    static final String MEDIA_TYPE = "application/problem+json";
    private static final long serialVersionUID = 1L;
    private static final String TYPES = "urn:parley:problem:";

    private final int status;
    private final String type;
    private final String title;
    private final transient Map<String, String> fields;
    private final transient @Nullable Duration retryAfter;

    private Problem(
            int status,
            String type,
            String title,
            String detail,
            Map<String, String> fields,
            @Nullable Duration retryAfter) {
        super(detail, null, false, false);
        this.status = status;
        this.type = type;
        this.title = title;
        this.fields = fields;
        this.retryAfter = retryAfter;
    }

    static Problem badRequest(String detail) {
        return of(400, "bad-request", "The request cannot be understood", detail);
    }

    /** @param fields what is wrong with each */
    static Problem invalid(Map<String, String> fields) {
        String detail = String.join(
                "; ",
                fields.entrySet().stream()
                        .map(field -> field.getKey() + ": " + field.getValue())
                        .toList());
        return new Problem(422, "invalid", "Some values are not allowed", detail, Map.copyOf(fields), null);
    }

    static Problem unauthenticated() {
        return of(401, "unauthenticated", "Nobody is signed in", "Sign in, or send an API token.");
    }

    static Problem refusedSignIn(SignInRefused refused) {
        String detail = String.valueOf(refused.getMessage());
        Duration retryAfter = refused.retryAfter();
        return retryAfter == null
                ? of(401, "sign-in-refused", "Not signed in", detail)
                : new Problem(429, "too-many-tries", "Not signed in", detail, Map.of(), retryAfter);
    }

    static Problem forbidden(String detail) {
        return of(403, "forbidden", "This is not allowed", detail);
    }

    static Problem unconfirmed() {
        return of(403, "confirmation-required", "The password is needed again", "Confirm with your password first.");
    }

    static Problem notFound(String detail) {
        return of(404, "not-found", "There is no such thing", detail);
    }

    static Problem conflict(String detail) {
        return of(409, "conflict", "This does not fit with what is there", detail);
    }

    static Problem changedMeanwhile() {
        return of(
                412,
                "changed-meanwhile",
                "Somebody else has changed it meanwhile",
                "Read it again, and send its ETag as If-Match.");
    }

    static Problem needsMatch() {
        return of(
                428,
                "precondition-required",
                "Which version is to be changed?",
                "Send the ETag of what you have read as If-Match.");
    }

    static Problem unavailable(String detail) {
        return of(503, "unavailable", "This cannot be done now", detail);
    }

    static Problem broken() {
        return of(500, "internal", "The broker has made a mistake", "Its log says which.");
    }

    static Problem of(int status, String type, String title, String detail) {
        return new Problem(status, type, title, detail, Map.of(), null);
    }

    int status() {
        return status;
    }

    @Nullable
    Duration retryAfter() {
        return retryAfter;
    }

    JsonObject json() {
        JsonObject json = new JsonObject()
                .put("type", TYPES + type)
                .put("title", title)
                .put("status", status)
                .put("detail", getMessage());
        if (!fields.isEmpty()) {
            JsonArray errors = new JsonArray();
            fields.forEach((field, message) ->
                    errors.add(new JsonObject().put("field", field).put("message", message)));
            json.put("errors", errors);
        }
        return json;
    }
}
