package dev.parley.auth;

import dev.parley.outbound.GuardedHttp;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.client.HttpResponse;
import java.net.URI;
import java.time.Duration;
import java.util.Map;

/** Fetches key sets from addresses that tenants choose, as guarded as {@link GuardedHttp} is. Thread-safe. */
final class JwksFetcher {
    static final int BYTES_MAX = GuardedHttp.BYTES_MAX;
    static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final int OK = 200;

    private final GuardedHttp http;

    JwksFetcher(Vertx vertx, boolean allowLoopback) {
        this(vertx, GuardedHttp.Resolver.SYSTEM, allowLoopback, TIMEOUT);
    }

    JwksFetcher(Vertx vertx, GuardedHttp.Resolver resolver, boolean allowLoopback, Duration timeout) {
        this.http = new GuardedHttp(vertx, "key-set", resolver, allowLoopback, timeout);
    }

    /** The document, or a failure whose message is for operators. */
    Future<Buffer> fetch(URI url) {
        return http.send(HttpMethod.GET, url, Map.of("Accept", "application/json"), null)
                .compose(JwksFetcher::body);
    }

    private static Future<Buffer> body(HttpResponse<Buffer> response) {
        return response.statusCode() == OK
                ? Future.succeededFuture(response.body())
                : Future.failedFuture(new IllegalStateException("the server answered " + response.statusCode()));
    }
}
