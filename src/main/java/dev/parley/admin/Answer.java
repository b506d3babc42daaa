package dev.parley.admin;

import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an operation answers.
 *
 * @param body null for none
 * @param secret whether the body holds something that is shown once and must not be kept
 */
record Answer(int status, @Nullable String body, Map<String, String> headers, boolean secret) {
    Answer {
        headers = Map.copyOf(headers);
    }

    static Answer of(int status, JsonObject body) {
        return new Answer(status, body.encode(), Map.of("Content-Type", "application/json"), false);
    }

    static Answer ok(JsonObject body) {
        return of(200, body);
    }

    static Answer created(JsonObject body) {
        return of(201, body);
    }

    static Answer none() {
        return new Answer(204, null, Map.of(), false);
    }

    static Answer text(String mediaType, String fileName, String body) {
        return new Answer(
                200,
                body,
                Map.of(
                        "Content-Type",
                        mediaType + "; charset=utf-8",
                        "Content-Disposition",
                        "attachment; filename=\"" + fileName + "\""),
                false);
    }

    Answer with(String header, String value) {
        Map<String, String> more = new HashMap<>(headers);
        more.put(header, value);
        return new Answer(status, body, more, secret);
    }

    /** @param generation counts the changes of what is answered */
    Answer version(long generation) {
        return with("ETag", "\"" + generation + "\"");
    }

    Answer shownOnce() {
        return new Answer(status, body, headers, true);
    }
}
