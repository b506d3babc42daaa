package dev.parley.gateway;

import dev.parley.config.ListenerConfig;
import dev.parley.domain.ModelKind;
import dev.parley.domain.Refusal;
import dev.parley.gateway.SessionOpener.Entrance;
import dev.parley.gateway.SessionOpener.Opening;
import dev.parley.protocol.RejectionMapper;
import dev.parley.relay.Legs;
import dev.parley.relay.RelayLimits;
import dev.parley.relay.RelayOptions;
import dev.parley.rest.Api;
import dev.parley.rest.Uploads;
import dev.parley.tenancy.OriginBook;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.ServerSSLOptions;
import java.time.Duration;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tenant plane on one event loop: from an accepted connection to an upgraded socket or a refusal. A connection that is
 * not upgraded within the deadline is closed, whatever it does.
 */
final class ListenerLoop extends VerticleBase {
    private static final Logger LOGGER = LoggerFactory.getLogger(ListenerLoop.class);
    private static final String SESSION_HEADER = "Parley-Session-Id";
    private static final Map<String, ModelKind> SOCKETS = Map.of(
            "/v1/realtime",
            ModelKind.CONVERSATION,
            "/v1/realtime/translations",
            ModelKind.TRANSLATION,
            ChatDoor.PATH,
            ModelKind.CONVERSATION);
    private static final int REQUEST_LINE_BYTES_MAX = 8192;
    private static final int HEADER_BYTES_MAX = 16_384;
    /** Vert.x: one random port for all instances of a deployment. */
    private static final int SHARED_RANDOM_PORT = -1;

    private final ListenerConfig config;
    private final @Nullable PemKeyCertOptions tls;
    private final RelayLimits limits;
    private final Legs legs;
    private final SessionOpener opener;
    private final Api api;
    private final Uploads uploads;
    private final OriginBook origins;
    private final Duration upgradeTimeout;
    private final Strangers strangers;
    private final Duration firstEventMax;
    /** Connections before their upgrade, with the timer that will close them. */
    private final IdentityHashMap<HttpConnection, Long> waiting = new IdentityHashMap<>();

    private @Nullable HttpServer server;

    ListenerLoop(
            ListenerConfig config,
            @Nullable PemKeyCertOptions tls,
            RelayLimits limits,
            Legs legs,
            SessionOpener opener,
            Api api,
            Uploads uploads,
            OriginBook origins,
            Duration upgradeTimeout,
            Strangers strangers,
            Duration firstEventMax) {
        this.config = config;
        this.tls = tls;
        this.limits = limits;
        this.legs = legs;
        this.opener = opener;
        this.api = api;
        this.uploads = uploads;
        this.origins = origins;
        this.upgradeTimeout = upgradeTimeout;
        this.strangers = strangers;
        this.firstEventMax = firstEventMax;
    }

    @Override
    public Future<?> start() {
        int port = config.port() == 0 ? SHARED_RANDOM_PORT : config.port();
        HttpServer http = vertx.createHttpServer(options())
                .connectionHandler(this::connected)
                .requestHandler(this::requested)
                .invalidRequestHandler(request -> request.connection().close());
        server = http;
        return http.listen(port, config.host());
    }

    int port() {
        HttpServer http = server;
        return http == null ? 0 : http.actualPort();
    }

    Future<Boolean> updateTls(PemKeyCertOptions other) {
        HttpServer http = server;
        return http == null
                ? Future.succeededFuture(false)
                : http.updateSSLOptions(new ServerSSLOptions().setKeyCertOptions(other));
    }

    private HttpServerOptions options() {
        HttpServerOptions options = RelayOptions.standard()
                .listener(new HttpServerOptions(), limits)
                .setMaxInitialLineLength(REQUEST_LINE_BYTES_MAX)
                .setMaxHeaderSize(HEADER_BYTES_MAX)
                .setUseAlpn(false)
                .setWebSocketSubProtocols(List.of("realtime"));
        if (tls != null) {
            options.setSsl(true).setKeyCertOptions(tls);
        }
        return options;
    }

    private void connected(HttpConnection connection) {
        long timer = vertx.setTimer(upgradeTimeout.toMillis(), _ -> {
            if (waiting.remove(connection) != null) {
                connection.close();
            }
        });
        waiting.put(connection, timer);
        connection.closeHandler(_ -> settled(connection));
    }

    private void settled(HttpConnection connection) {
        Long timer = waiting.remove(connection);
        if (timer != null) {
            vertx.cancelTimer(timer);
        }
    }

    private void requested(HttpServerRequest request) {
        String path = request.path();
        boolean preflight = Cors.isPreflight(request.method().name(), request.headers());
        if (path != null && uploads.serves(path) && !preflight) {
            settled(request.connection());
            Cors.of(request.getHeader("Origin"), origins).forEach(request.response()::putHeader);
            uploads.begin(request);
            return;
        }
        if (path != null && (api.serves(path) || uploads.serves(path)) && !isSocket(request)) {
            ApiExchange.begin(api, origins, vertx, request);
            return;
        }
        Refusal misplaced = misplaced(request);
        if (misplaced != null) {
            refuse(request, misplaced);
            return;
        }
        if (ChatDoor.PATH.equals(path)) {
            chat(request);
            return;
        }
        ModelKind kind = SOCKETS.getOrDefault(path, ModelKind.CONVERSATION);
        switch (HandshakeParser.parse(kind, request.query(), request.headers())) {
            case HandshakeParser.Outcome.Invalid(Refusal refusal) -> refuse(request, refusal);
            case HandshakeParser.Outcome.Valid(Handshake handshake) -> open(request, opener.open(handshake));
            case HandshakeParser.Outcome.Resuming(ResumeRequest resume) -> open(request, opener.resume(resume));
        }
    }

    /** A path can be both. */
    private static boolean isSocket(HttpServerRequest request) {
        return HttpMethod.GET.equals(request.method()) && "/v1/realtime".equals(request.path());
    }

    /** Upgrades first, and hears afterwards who it is. */
    private void chat(HttpServerRequest request) {
        ChatDoor door = new ChatDoor(vertx, legs, limits, opener, strangers, firstEventMax);
        Optional<Refusal> refusal = door.admit(request);
        if (refusal.isPresent()) {
            refuse(request, refusal.get());
            return;
        }
        request.toWebSocket().onComplete(upgraded -> {
            settled(request.connection());
            if (upgraded.succeeded()) {
                door.enter(request, upgraded.result());
            } else {
                door.left();
            }
        });
    }

    private static @Nullable Refusal misplaced(HttpServerRequest request) {
        String path = request.path();
        if (path != null && (path.equals("/v1/live") || path.startsWith("/v1/live/"))) {
            return Refusal.of(
                    Refusal.Kind.NOT_FOUND,
                    "live_api_not_served",
                    "The Live API (/v1/live) is another protocol, which is not served here. Use /v1/realtime?model=… for"
                            + " conversations, /v1/realtime?intent=transcription for transcriptions, and"
                            + " /v1/realtime/translations?model=… for translations; GET /v1/models lists the models.");
        }
        if (path == null || !SOCKETS.containsKey(path) || !HttpMethod.GET.equals(request.method())) {
            return Refusal.of(
                    Refusal.Kind.NOT_FOUND, "unknown_url", "Nothing is served under this URL; use GET /v1/realtime.");
        }
        return request.canUpgradeToWebSocket()
                ? null
                : Refusal.of(
                        Refusal.Kind.BAD_REQUEST,
                        "websocket_required",
                        path + " speaks WebSocket: connect with ws:// or wss://.");
    }

    private void open(HttpServerRequest request, Future<Opening> decision) {
        request.pause();
        decision.onComplete(outcome -> {
            if (outcome.failed()) {
                LOGGER.atError().setCause(outcome.cause()).log("a handshake failed for an unexpected reason");
                refuse(
                        request,
                        Refusal.of(Refusal.Kind.OVERLOADED, "server_error", "Please try again.")
                                .retryAfter(Duration.ofSeconds(2)));
                return;
            }
            switch (outcome.result()) {
                case Opening.Refused(Refusal refusal) -> refuse(request, refusal);
                case Opening.Accepted(Entrance entrance) -> upgrade(request, entrance);
            }
        });
    }

    private void upgrade(HttpServerRequest request, Entrance entrance) {
        if (!waiting.containsKey(request.connection())) {
            entrance.abandon();
            return;
        }
        request.response().putHeader(SESSION_HEADER, entrance.session().value());
        entrance.headers().forEach(request.response()::putHeader);
        request.toWebSocket().onComplete(upgraded -> {
            settled(request.connection());
            if (upgraded.failed()) {
                entrance.abandon();
                return;
            }
            enter(upgraded.result(), entrance);
        });
    }

    private void enter(ServerWebSocket socket, Entrance entrance) {
        Context home = entrance.home();
        if (home == null) {
            entrance.enter(legs.client(socket, limits));
        } else {
            legs.client(socket, limits, home).onSuccess(entrance::enter).onFailure(_ -> entrance.abandon());
        }
    }

    private void refuse(HttpServerRequest request, Refusal refusal) {
        HttpServerResponse response = request.response();
        if (response.closed() || response.ended()) {
            return;
        }
        LOGGER.atDebug().addKeyValue("code", refusal.code()).log("refused before the upgrade");
        response.setStatusCode(refusal.kind().httpStatus());
        RejectionMapper.httpHeaders(refusal).forEach(response::putHeader);
        response.putHeader("Connection", "close");
        response.end(RejectionMapper.httpBody(refusal))
                .onComplete(_ -> request.connection().close());
    }
}
