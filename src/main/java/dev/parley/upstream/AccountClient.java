package dev.parley.upstream;

import dev.parley.config.AccountConfig;
import dev.parley.config.RelayConfig;
import dev.parley.domain.ModelKind;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.protocol.Scrubber;
import dev.parley.relay.Legs;
import dev.parley.relay.RelayLimits;
import dev.parley.relay.RelayOptions;
import dev.parley.upstream.UpstreamConnector.Target;
import io.vertx.core.Vertx;
import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens the upstream sessions of one account over WebSocket, each on the event loop of its caller. Thread-safe. */
public final class AccountClient implements Dialer {
    private static final Logger LOGGER = LoggerFactory.getLogger(AccountClient.class);

    private final Vertx vertx;
    private final AccountConfig account;
    private final Duration connectTimeout;
    private final RelayLimits limits;
    private final Legs legs;
    private final AccountAddress address;
    private final ProviderNames names;
    private final WebSocketClient client;

    /** @param connectTimeout from the start of the connection to {@code session.created} */
    public AccountClient(Vertx vertx, AccountConfig account, Duration connectTimeout, RelayLimits limits, Legs legs) {
        this.vertx = vertx;
        this.account = account;
        this.connectTimeout = connectTimeout;
        this.limits = limits;
        this.legs = legs;
        this.address = new AccountAddress(account);
        this.names = new ProviderNames(account.models());
        this.client = vertx.createWebSocketClient(clientOptions());
    }

    /** The bounds of an upstream's leg from the settings. */
    public static RelayLimits limits(RelayConfig relay) {
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
    public void dial(Target target, Call call) {
        long deadline = System.nanoTime() + connectTimeout.toNanos();
        client.connect(connectOptions(target)).onComplete(connected -> {
            if (connected.succeeded()) {
                open(connected.result(), call, Duration.ofNanos(deadline - System.nanoTime()));
            } else {
                call.failed(refusedUpgrade(connected.cause()));
                call.gone();
            }
        });
    }

    @Override
    public void close() {
        client.close();
    }

    private void open(WebSocket socket, Call call, Duration left) {
        new OpeningGate(vertx, legs.upstream(socket, limits), account.name(), names, call).open(left);
    }

    private Failure refusedUpgrade(Throwable cause) {
        UpgradeRejectedException rejected = cause instanceof UpgradeRejectedException refusal ? refusal : null;
        String code = rejected == null ? cause.getClass().getSimpleName() : "http_" + rejected.getStatus();
        LOGGER.atError()
                .addKeyValue("account", account.name())
                .addKeyValue("code", code)
                .addKeyValue("detail", Scrubber.scrub(String.valueOf(cause.getMessage())))
                .log("the upstream could not be connected");
        Refusal told = Unavailable.refusal("The upstream could not be reached.");
        if (rejected == null) {
            return new Failure(Fault.UNREACHABLE, code, null, told);
        }
        Fault fault = Fault.ofStatus(rejected.getStatus());
        if (fault == Fault.REQUEST) {
            told = Refusal.of(Kind.BAD_REQUEST, "invalid_model", "The upstream does not serve this model.");
        }
        return new Failure(fault, code, RetryAfter.of(rejected.getHeaders()), told);
    }

    private WebSocketConnectOptions connectOptions(Target target) {
        String resource = target.kind() == ModelKind.TRANSLATION ? "/realtime/translations" : "/realtime";
        WebSocketConnectOptions options = new WebSocketConnectOptions()
                .setHost(address.host())
                .setPort(address.port())
                .setSsl(address.isTls())
                .setURI(address.path(resource) + query(target))
                .setTimeout(connectTimeout.toMillis());
        address.headers(options::putHeader);
        return options;
    }

    private String query(Target target) {
        return target.model() == null
                ? "?intent=transcription"
                : "?model=" + URLEncoder.encode(names.sent(target.label()), StandardCharsets.UTF_8);
    }

    private WebSocketClientOptions clientOptions() {
        WebSocketClientOptions options = RelayOptions.standard()
                .client(new WebSocketClientOptions(), limits)
                .setConnectTimeout((int) connectTimeout.toMillis());
        if (address.isTls()) {
            options.setVerifyHost(true);
            Path trust = account.trust();
            if (trust != null) {
                options.setTrustOptions(TrustedAuthorities.systemAnd(trust));
            }
        }
        return options;
    }
}
