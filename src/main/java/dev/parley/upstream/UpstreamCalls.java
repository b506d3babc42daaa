package dev.parley.upstream;

import dev.parley.config.AccountConfig;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.protocol.Scrubber;
import dev.parley.relay.Legs;
import dev.parley.relay.RelayLimits;
import dev.parley.relay.RelayOptions;
import dev.parley.upstream.UpstreamConnector.Target;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls at upstream accounts: their beginning, what can be done to them, their sidebands. Thread-safe; used on event loops. */
public final class UpstreamCalls implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(UpstreamCalls.class);
    private static final Duration CONNECT_MAX = Duration.ofSeconds(5);
    private static final Duration ANSWER_MAX = Duration.ofSeconds(10);
    private static final String PATH = "/realtime/calls";
    private static final int AT_ONCE_MAX = 256;
    private static final int BODY_BYTES_MAX = 1 << 20;
    private static final int BOUNDARY_BYTES = 16;
    private static final int CREATED = 201;
    private static final int NOT_FOUND = 404;
    private static final int SUCCESS_MAX = 299;

    private final Vertx vertx;
    private final Accounts accounts;
    private final RelayLimits limits;
    private final Legs legs;
    private final SecureRandom random = new SecureRandom();
    /** By the authorities that an account is to be trusted by. */
    private final Map<String, HttpClient> clients = new ConcurrentHashMap<>();

    private final Map<String, WebSocketClient> sockets = new ConcurrentHashMap<>();

    public UpstreamCalls(Vertx vertx, Accounts accounts, RelayLimits limits, Legs legs) {
        this.vertx = vertx;
        this.accounts = accounts;
        this.limits = limits;
        this.legs = legs;
        // Here, because what is made on the event loop of a listener is closed with it, and calls outlast that.
        client(null);
        socket(null, true);
        socket(null, false);
    }

    /** What an account says. */
    public sealed interface Answer {
        /** @param location of the call, as the provider says it; null if it says none */
        record Done(@Nullable String location, Buffer body) implements Answer {}

        /** There is no such call, or not any more. */
        record Gone() implements Answer {}

        record Refused(Refusal refusal) implements Answer {}

        /** It was asked, and nobody knows whether it has done it. */
        record Unclear(Refusal refusal) implements Answer {}
    }

    /** The best account for a call on this model, in which a place is taken; empty if there is none. */
    public Optional<Account> place(ModelName model, long now) {
        List<Account> able = accounts.serving(new Target(model)).stream()
                .filter(Account::isActive)
                .filter(account -> account.breaker().mayPassBefore(now + 1))
                .toList();
        if (able.isEmpty()) {
            return Optional.empty();
        }
        Account best = Accounts.leastLoaded(able, now);
        return best.tryTake(0) ? Optional.of(best) : Optional.empty();
    }

    /** The account that a call is on; empty if this node does not have it. */
    public Optional<Account> find(String account) {
        return accounts.all().stream().filter(one -> one.name().equals(account)).findFirst();
    }

    /** Begins a call. Never fails. */
    public Future<Answer> create(Account account, String sdp, String session) {
        byte[] bits = new byte[BOUNDARY_BYTES];
        random.nextBytes(bits);
        String boundary = "parley-" + HexFormat.of().formatHex(bits);
        Buffer form = Buffer.buffer();
        part(form, boundary, "sdp", "application/sdp", sdp);
        part(
                form,
                boundary,
                "session",
                "application/json",
                new ProviderNames(account.config().models()).ofCall(session));
        form.appendString("--" + boundary + "--\r\n");
        return post(account, PATH, "multipart/form-data; boundary=" + boundary, form)
                .map(answer -> answer instanceof Answer.Gone ? refused(NOT_FOUND) : answer);
    }

    /** Has the model take a call that rings. Never fails. */
    public Future<Answer> accept(Account account, String call, String session) {
        String named = new ProviderNames(account.config().models()).ofCall(session);
        return act(account, call, "accept", Buffer.buffer(named));
    }

    /** Does something to a call. Never fails. */
    public Future<Answer> act(Account account, String call, String action, Buffer body) {
        return post(account, PATH + "/" + call + "/" + action, "application/json", body);
    }

    /**
     * Connects to a call's sideband.
     *
     * @param told as by {@link Dialer#dial}; its code is {@code http_404} when the call is over
     */
    public void listen(Account account, String call, Dialer.Call told) {
        AccountConfig config = account.config();
        RequestOptions to = FileUploads.options(config, "/realtime?call_id=" + call);
        WebSocketConnectOptions options = new WebSocketConnectOptions()
                .setHost(to.getHost())
                .setPort(to.getPort())
                .setSsl(to.isSsl())
                .setURI(to.getURI())
                .setTimeout(CONNECT_MAX.toMillis());
        MultiMap headers = to.getHeaders();
        if (headers != null) {
            headers.forEach(options::putHeader);
        }
        socket(config.trust(), Boolean.TRUE.equals(to.isSsl())).connect(options).onComplete(connected -> {
            if (connected.succeeded()) {
                new OpeningGate(
                                vertx,
                                legs.upstream(connected.result(), limits),
                                config.name(),
                                new ProviderNames(config.models()),
                                told)
                        .open(CONNECT_MAX);
            } else {
                told.failed(failure(config, connected.cause()));
                told.gone();
            }
        });
    }

    @Override
    public void close() {
        clients.values().forEach(HttpClient::close);
        sockets.values().forEach(WebSocketClient::close);
    }

    private Future<Answer> post(Account account, String path, String type, Buffer body) {
        AccountConfig config = account.config();
        RequestOptions options = FileUploads.options(config, path).setTimeout(CONNECT_MAX.toMillis());
        return client(config.trust())
                .request(options)
                .compose(request -> request.putHeader("Content-Type", type)
                        .send(body)
                        .compose(UpstreamCalls::read)
                        .timeout(ANSWER_MAX.toMillis(), TimeUnit.MILLISECONDS)
                        .onFailure(_ -> request.reset())
                        .otherwise(failure -> new Answer.Unclear(away(config, failure))))
                .otherwise(failure -> new Answer.Refused(away(config, failure)));
    }

    private static Refusal away(AccountConfig config, Throwable failure) {
        LOGGER.atWarn()
                .addKeyValue("account", config.name())
                .addKeyValue("cause", failure.getClass().getSimpleName())
                .log("the upstream could not be asked about a call");
        return Unavailable.refusal("The upstream could not be reached.");
    }

    private static Future<Answer> read(HttpClientResponse response) {
        Buffer body = Buffer.buffer();
        response.handler(piece -> {
            if (body.length() + piece.length() > BODY_BYTES_MAX) {
                response.request().reset();
            } else {
                body.appendBuffer(piece);
            }
        });
        return response.end().map(_ -> answer(response, body));
    }

    private static Answer answer(HttpClientResponse response, Buffer body) {
        int status = response.statusCode();
        if (status == NOT_FOUND) {
            return new Answer.Gone();
        }
        return status >= 200 && status <= SUCCESS_MAX
                ? new Answer.Done(status == CREATED ? response.getHeader("Location") : null, body)
                : refused(status);
    }

    /** The provider's own words may tell of its account, so they are not told. */
    private static Answer refused(int status) {
        LOGGER.atWarn().addKeyValue("status", status).log("the upstream refused something about a call");
        return new Answer.Refused(
                status == 400 || status == NOT_FOUND || status == 409 || status == 422
                        ? Refusal.of(
                                Kind.BAD_REQUEST,
                                "upstream_refused",
                                "The upstream does not accept this; look at the SDP and at the session's settings.")
                        : Unavailable.refusal("The upstream cannot do this now."));
    }

    private static Dialer.Failure failure(AccountConfig account, Throwable cause) {
        String code = cause instanceof UpgradeRejectedException rejected
                ? "http_" + rejected.getStatus()
                : cause.getClass().getSimpleName();
        LOGGER.atWarn()
                .addKeyValue("account", account.name())
                .addKeyValue("code", code)
                .addKeyValue("detail", Scrubber.scrub(String.valueOf(cause.getMessage())))
                .log("a call's sideband could not be connected");
        return new Dialer.Failure(
                Fault.UNREACHABLE, code, null, Unavailable.refusal("The call could not be connected."));
    }

    private HttpClient client(@Nullable Path trust) {
        return clients.computeIfAbsent(String.valueOf(trust), _ -> {
            HttpClientOptions options =
                    new HttpClientOptions().setKeepAlive(false).setConnectTimeout((int) CONNECT_MAX.toMillis());
            if (trust != null) {
                options.setTrustOptions(TrustedAuthorities.systemAnd(trust));
            }
            return vertx.httpClientBuilder()
                    .with(options)
                    .with(new PoolOptions().setHttp1MaxSize(AT_ONCE_MAX).setMaxWaitQueueSize(AT_ONCE_MAX))
                    .build();
        });
    }

    private WebSocketClient socket(@Nullable Path trust, boolean tls) {
        return sockets.computeIfAbsent(tls + " " + trust, _ -> {
            WebSocketClientOptions options = RelayOptions.standard()
                    .client(new WebSocketClientOptions(), limits)
                    .setConnectTimeout((int) CONNECT_MAX.toMillis());
            if (tls) {
                options.setVerifyHost(true);
            }
            if (tls && trust != null) {
                options.setTrustOptions(TrustedAuthorities.systemAnd(trust));
            }
            return vertx.createWebSocketClient(options);
        });
    }

    private static void part(Buffer form, String boundary, String name, String type, String value) {
        form.appendString("--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + name
                + "\"\r\nContent-Type: " + type + "\r\n\r\n" + value + "\r\n");
    }
}
