package dev.parley.upstream;

import dev.parley.config.RelayConfig;
import dev.parley.config.Secret;
import dev.parley.config.UpstreamConfig;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.protocol.Scrubber;
import dev.parley.relay.Legs;
import dev.parley.relay.RelayLimits;
import dev.parley.relay.RelayOptions;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens an upstream session for each acquire, on the event loop of its caller, and counts them against the node's cap.
 * Thread-safe.
 */
public final class DirectConnector implements UpstreamConnector, AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(DirectConnector.class);
    private static final String ACCOUNT = "default";
    private static final Duration RETRY_SOON = Duration.ofSeconds(5);

    private final Vertx vertx;
    private final URI url;
    private final UpstreamConfig config;
    private final RelayLimits limits;
    private final Legs legs;
    private final WebSocketClient client;
    private final AtomicInteger open = new AtomicInteger();

    /** @param url the base, such as {@code wss://api.openai.com/v1}; where the settings have none, the simulator's */
    public DirectConnector(Vertx vertx, URI url, UpstreamConfig config, RelayLimits limits, Legs legs) {
        this.vertx = vertx;
        this.url = url;
        this.config = config;
        this.limits = limits;
        this.legs = legs;
        this.client = vertx.createWebSocketClient(clientOptions(url, config, limits));
    }

    /** The bounds of an upstream's leg from the settings. */
    public static RelayLimits upstreamLimits(RelayConfig relay) {
        RelayLimits defaults = RelayLimits.upstream();
        return new RelayLimits(
                relay.upstreamMessageBytesMax(),
                relay.upstreamMessageBytesMax(),
                defaults.fragmentsMax(),
                defaults.messagesPerSecondMax(),
                defaults.queueBytesMax(),
                defaults.queueAgeMax(),
                relay.heldBytesMax(),
                relay.pingInterval(),
                relay.silenceMax(),
                defaults.messageTimeout(),
                defaults.closeTimeout());
    }

    @Override
    public Future<Outcome> acquire(Target target) {
        Context context = Vertx.currentContext();
        if (context == null || !context.isEventLoopContext()) {
            throw new IllegalStateException("upstream sessions are acquired on an event loop");
        }
        if (open.incrementAndGet() > config.sessionsMax()) {
            open.decrementAndGet();
            return Future.succeededFuture(new Outcome.Unavailable(
                    Refusal.of(
                                    Kind.OVERLOADED,
                                    "upstream_sessions_exhausted",
                                    "All " + config.sessionsMax() + " upstream sessions of this node are in use.")
                            .retryAfter(RETRY_SOON),
                    "cap"));
        }
        long deadline = System.nanoTime() + config.connectTimeout().toNanos();
        return client.connect(connectOptions(target))
                .compose(
                        socket -> opened(socket, Duration.ofNanos(Math.max(1_000_000, deadline - System.nanoTime()))),
                        failure -> {
                            open.decrementAndGet();
                            return Future.succeededFuture(refusedUpgrade(failure));
                        });
    }

    /** Upstream sessions that are open or being opened. */
    public int openSessions() {
        return open.get();
    }

    @Override
    public void close() {
        client.close();
    }

    private Future<Outcome> opened(WebSocket socket, Duration left) {
        return new OpeningGate(vertx, legs.upstream(socket, limits), ACCOUNT, open::decrementAndGet).open(left);
    }

    private Outcome refusedUpgrade(Throwable failure) {
        String code = failure instanceof UpgradeRejectedException rejected
                ? "http_" + rejected.getStatus()
                : failure.getClass().getSimpleName();
        LOGGER.atError()
                .addKeyValue("account", ACCOUNT)
                .addKeyValue("code", code)
                .addKeyValue("detail", Scrubber.scrub(String.valueOf(failure.getMessage())))
                .log("the upstream could not be connected");
        return new Outcome.Unavailable(Unavailable.refusal("The upstream could not be reached."), code);
    }

    private WebSocketConnectOptions connectOptions(Target target) {
        boolean tls = tls(url);
        int port = url.getPort() > 0 ? url.getPort() : tls ? 443 : 80;
        WebSocketConnectOptions options = new WebSocketConnectOptions()
                .setHost(url.getHost())
                .setPort(port)
                .setSsl(tls)
                .setURI(path() + query(target))
                .setTimeout(config.connectTimeout().toMillis());
        Secret key = config.apiKey();
        if (key != null) {
            options.putHeader("Authorization", "Bearer " + key.reveal());
        }
        if (config.organization() != null) {
            options.putHeader("OpenAI-Organization", config.organization());
        }
        if (config.project() != null) {
            options.putHeader("OpenAI-Project", config.project());
        }
        return options;
    }

    private String path() {
        String base = url.getRawPath() == null ? "" : url.getRawPath();
        return (base.endsWith("/") ? base.substring(0, base.length() - 1) : base) + "/realtime";
    }

    private static String query(Target target) {
        ModelName model = target.model();
        return model == null
                ? "?intent=transcription"
                : "?model=" + URLEncoder.encode(model.value(), StandardCharsets.UTF_8);
    }

    private static boolean tls(URI url) {
        return url.getScheme().equals("wss") || url.getScheme().equals("https");
    }

    private static WebSocketClientOptions clientOptions(URI url, UpstreamConfig config, RelayLimits limits) {
        WebSocketClientOptions options = RelayOptions.standard()
                .client(new WebSocketClientOptions(), limits)
                .setConnectTimeout((int) config.connectTimeout().toMillis());
        if (tls(url)) {
            options.setVerifyHost(true);
            Path trust = config.trust();
            if (trust != null) {
                options.setTrustOptions(TrustedAuthorities.systemAnd(trust));
            }
        }
        return options;
    }
}
