package dev.parley.admin;

import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an operation answers.
 *
 * @param body null for none
 * @param cookies as the header {@code Set-Cookie} has them
 * @param secret whether the body holds something that is shown once and must not be kept
 */
record Answer(int status, @Nullable String body, Map<String, String> headers, List<String> cookies, boolean secret) {
    Answer {
        headers = Map.copyOf(headers);
        cookies = List.copyOf(cookies);
    }

    static Answer of(int status, JsonObject body) {
        return new Answer(status, body.encode(), Map.of("Content-Type", "application/json"), List.of(), false);
    }

    static Answer ok(JsonObject body) {
        return of(200, body);
    }

    static Answer created(JsonObject body) {
        return of(201, body);
    }

    static Answer none() {
        return new Answer(204, null, Map.of(), List.of(), false);
    }

    static Answer seeOther(String location) {
        return new Answer(302, null, Map.of("Location", location), List.of(), false);
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
                List.of(),
                false);
    }

    Answer with(String header, String value) {
        Map<String, String> more = new HashMap<>(headers);
        more.put(header, value);
        return new Answer(status, body, more, cookies, secret);
    }

    Answer cookie(String cookie) {
        List<String> more = new ArrayList<>(cookies);
        more.add(cookie);
        return new Answer(status, body, headers, more, secret);
    }

    /** @param generation counts the changes of what is answered */
    Answer version(long generation) {
        return with("ETag", "\"" + generation + "\"");
    }

    Answer shownOnce() {
        return new Answer(status, body, headers, cookies, true);
    }
}
