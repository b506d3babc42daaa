package dev.parley.webhook;

import dev.parley.concurrent.Ticker;
import dev.parley.outbound.GuardedHttp;
import dev.parley.outbound.OutboundException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import java.time.Duration;
import java.util.Map;

/** Makes one try to deliver a message. Does not block; thread-safe. */
public final class Sender {
    /** From the look-up of the receiver's name to the end of its answer. */
    public static final Duration TIMEOUT = Duration.ofSeconds(10);

    private final GuardedHttp http;
    private final Ticker ticker;

    /** @param allowLoopback whether receivers may be on loopback, over http too; for development */
    public Sender(Vertx vertx, boolean allowLoopback, Ticker ticker) {
        this(new GuardedHttp(vertx, "webhook", GuardedHttp.Resolver.SYSTEM, allowLoopback, TIMEOUT), ticker);
    }

    Sender(GuardedHttp http, Ticker ticker) {
        this.http = http;
        this.ticker = ticker;
    }

    /** Never fails: what went wrong is the answer. */
    public Future<Answer> send(WebhookUrl url, SigningSecret secret, Message message) {
        String body = message.body();
        Map<String, String> headers = secret.headers(message.id(), ticker.now(), body);
        headers.put("Content-Type", "application/json");
        headers.put("User-Agent", "Parley");
        return http.send(HttpMethod.POST, url.uri(), headers, Buffer.buffer(body))
                .map(response -> Answer.ofStatus(response.statusCode()))
                .otherwise(failure -> Answer.none(
                        failure instanceof OutboundException told
                                ? String.valueOf(told.getMessage())
                                : "the request failed: " + failure.getClass().getSimpleName()));
    }
}
