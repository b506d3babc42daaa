package dev.parley.rest;

import io.vertx.core.http.HttpServerRequest;

/** Requests that carry a file, which is passed on while it comes. On the event loop of the connection. */
public interface Uploads {
    /** Serves nothing. */
    Uploads NONE = new Uploads() {
        @Override
        public boolean serves(String path) {
            return false;
        }

        @Override
        public void begin(HttpServerRequest request) {
            throw new IllegalStateException("no uploads are served");
        }
    };

    boolean serves(String path);

    /** Takes the request over; it has a deadline of its own. */
    void begin(HttpServerRequest request);
}
