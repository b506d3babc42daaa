package dev.parley.rest;

import dev.parley.call.ProviderWebhook;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.sideband.IncomingCalls;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where providers tell of calls by SIP. No token is asked for: what is not signed by the account's provider is refused. Thread-safe. */
public final class ProviderWebhooks implements Api {
    private static final Logger LOGGER = LoggerFactory.getLogger(ProviderWebhooks.class);
    private static final String PREFIX = "/v1/provider_webhooks/";
    private static final Duration RETRY_SOON = Duration.ofSeconds(2);
    private static final int OK = 200;

    static final List<Route> ROUTES = List.of(new Route("POST", PREFIX + "{account}"));

    private final IncomingCalls calls;

    public ProviderWebhooks(IncomingCalls calls) {
        this.calls = calls;
    }

    @Override
    public boolean serves(String path) {
        return path.startsWith(PREFIX);
    }

    @Override
    public Future<Answer> answer(Call call) {
        if (!call.method().equals("POST")) {
            return Future.succeededFuture(Answer.refused(
                            Refusal.of(Kind.METHOD_NOT_ALLOWED, "method_not_allowed", "This URL is for POST only."))
                    .with(Map.of("Allow", "POST")));
        }
        ProviderWebhook webhook = new ProviderWebhook(
                call.headers().get("webhook-id"),
                call.headers().get("webhook-timestamp"),
                call.headers().get("webhook-signature"),
                call.body());
        return calls.take(call.path().substring(PREFIX.length()), webhook)
                .map(refusal -> refusal.map(Answer::refused).orElseGet(() -> new Answer(OK, Map.of(), Buffer.buffer())))
                .recover(failure -> {
                    LOGGER.atWarn().setCause(failure).log("a provider's webhook could not be taken");
                    return Future.succeededFuture(Answer.refused(
                            Refusal.of(Kind.OVERLOADED, "server_error", "This cannot be taken now; please try again.")
                                    .retryAfter(RETRY_SOON)));
                });
    }
}
