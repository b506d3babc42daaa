package dev.parley.rest;

import dev.parley.config.Secret;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * One request.
 *
 * @param parameters of the query, decoded
 * @param credential of the Authorization header; null if there is none
 * @param origin the page that a browser comes from; null for others
 * @param headers all of them
 * @param body whole, and bounded by whoever has read it
 */
public record Call(
        String method,
        String path,
        MultiMap parameters,
        @Nullable Secret credential,
        @Nullable String origin,
        MultiMap headers,
        Buffer body) {
    /** Of the body; null if it is not said. */
    @Nullable
    String contentType() {
        return headers.get("Content-Type");
    }
}
