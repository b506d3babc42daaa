package dev.parley.auth;

import dev.parley.concurrent.Ticker;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.net.URI;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys of one JWKS URL. Fetched at the first token, again when older than {@link #REFRESH_AFTER} (in the background), and
 * when a token names a key that is not there; always one fetch at a time and none within {@link #COOL_DOWN} of the last, so a
 * flood of invented key ids costs the issuer one request. When fetches fail the keys known stay good for {@link #KEEP};
 * then the issuer's tokens are refused. Thread-safe, without locks.
 */
final class JwksKeySet {
    static final Duration COOL_DOWN = Duration.ofSeconds(30);
    static final Duration REFRESH_AFTER = Duration.ofMinutes(5);
    static final Duration KEEP = Duration.ofHours(1);
    /** Tokens that wait for one fetch; more are refused. */
    static final int WAITING_MAX = 1000;

    private static final Logger LOGGER = LoggerFactory.getLogger(JwksKeySet.class);

    private final Vertx vertx;
    private final JwksFetcher fetcher;
    private final URI url;
    private final Set<Algorithm> algorithms;
    private final Ticker ticker;
    private final AtomicReference<@Nullable Future<Void>> running = new AtomicReference<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private volatile @Nullable Fetched fetched;
    private volatile @Nullable Long attemptedAtNanos;

    JwksKeySet(Vertx vertx, JwksFetcher fetcher, URI url, Set<Algorithm> algorithms, Ticker ticker) {
        this.vertx = vertx;
        this.fetcher = fetcher;
        this.url = url;
        this.algorithms = algorithms;
        this.ticker = ticker;
    }

    /** The key for a token; completes on the caller's context, fails with {@link RejectedToken}. */
    Future<SigningKey> find(UnverifiedToken token) {
        Fetched now = fresh();
        SigningKey key = now == null ? null : now.keys().find(token);
        if (now != null && key != null) {
            if (ageOf(now).compareTo(REFRESH_AFTER) > 0) {
                refresh();
            }
            return Future.succeededFuture(key);
        }
        return awaitRefresh().compose(_ -> afterRefresh(token));
    }

    private Future<SigningKey> afterRefresh(UnverifiedToken token) {
        Fetched now = fresh();
        if (now == null) {
            return Future.failedFuture(
                    RejectedToken.unavailable("issuer_keys_unavailable", "the keys of its issuer cannot be fetched"));
        }
        SigningKey key = now.keys().find(token);
        return key != null
                ? Future.succeededFuture(key)
                : Future.failedFuture(RejectedToken.invalid("its issuer has no such key"));
    }

    private Future<Void> awaitRefresh() {
        if (waiting.incrementAndGet() > WAITING_MAX) {
            waiting.decrementAndGet();
            return Future.failedFuture(RejectedToken.overloaded());
        }
        Context context = vertx.getOrCreateContext();
        Promise<Void> promise = Promise.promise();
        refresh().onComplete(_ -> {
            waiting.decrementAndGet();
            context.runOnContext(_ -> promise.complete());
        });
        return promise.future();
    }

    /** Completes, never fails, when the running fetch ends, or at once during the cool-down. */
    private Future<Void> refresh() {
        Promise<Void> mine = Promise.promise();
        Future<Void> other = running.compareAndExchange(null, mine.future());
        if (other != null) {
            return other;
        }
        Long last = attemptedAtNanos;
        if (last != null && Duration.ofNanos(ticker.nanos() - last).compareTo(COOL_DOWN) < 0) {
            running.set(null);
            mine.complete();
            return mine.future();
        }
        attemptedAtNanos = ticker.nanos();
        fetcher.fetch(url)
                .map(body -> JwksKeys.parse(vertx, body.getBytes(), algorithms))
                .onComplete(outcome -> {
                    if (outcome.succeeded()) {
                        fetched = new Fetched(outcome.result(), ticker.nanos());
                    } else {
                        LOGGER.atWarn()
                                .addKeyValue("host", url.getHost())
                                .addKeyValue("reason", outcome.cause().getMessage())
                                .log("key set cannot be fetched");
                    }
                    running.set(null);
                    mine.complete();
                });
        return mine.future();
    }

    private @Nullable Fetched fresh() {
        Fetched now = fetched;
        return now == null || ageOf(now).compareTo(KEEP) > 0 ? null : now;
    }

    private Duration ageOf(Fetched keys) {
        return Duration.ofNanos(ticker.nanos() - keys.atNanos());
    }

    private record Fetched(JwksKeys keys, long atNanos) {}
}
