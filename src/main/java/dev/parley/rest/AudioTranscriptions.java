package dev.parley.rest;

import dev.parley.auth.Callers;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.Refusal;
import dev.parley.quota.Admission;
import dev.parley.session.SessionServices;
import dev.parley.upstream.FileUploads;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * {@code POST /v1/audio/transcriptions}. An upload counts as a session while it lasts.
 *
 * @param callers who may
 * @param closed why nobody may now: the node drains
 * @param admission how many at once
 * @param files where to
 */
public record AudioTranscriptions(
        Vertx vertx,
        Callers callers,
        Supplier<Optional<Refusal>> closed,
        Admission admission,
        SessionServices services,
        FileUploads files,
        Ticker ticker)
        implements Uploads {
    static final String PATH = "/audio/transcriptions";

    @Override
    public boolean serves(String path) {
        return path.equals("/v1" + PATH);
    }

    @Override
    public void begin(HttpServerRequest request) {
        new Upload(this, request).begin();
    }
}
