package dev.parley.admin;

import dev.parley.config.ListenerConfig;
import dev.parley.config.Networks;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.ServerSSLOptions;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The admin plane: health, metrics, the admin API and the console. One server on one event loop; it serves operators, not tenants. */
public final class AdminListener {
    private static final String PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";
    private static final int IDLE_SECONDS_MAX = 60;
    private static final int HEADER_BYTES_MAX = 16_384;

    private final Vertx vertx;
    private final ListenerConfig config;
    private final Forwarding forwarding;
    private final Supplier<Future<String>> metrics;
    private final HealthPage health;
    private final Router apiRouter;
    private final Router nodeRouter;
    private @Nullable HttpServer server;

    /**
     * @param proxies that are believed who asked them
     * @param metrics the page of {@code /metrics} in Prometheus's text format
     * @param checks what {@code /health/ready} asks
     */
    public AdminListener(
            Vertx vertx,
            ListenerConfig config,
            Networks proxies,
            Supplier<Future<String>> metrics,
            List<HealthCheck> checks) {
        this.vertx = vertx;
        this.config = config;
        this.forwarding = new Forwarding(proxies);
        this.metrics = metrics;
        this.health = new HealthPage(checks);
        this.apiRouter = Router.router(vertx);
        this.nodeRouter = Router.router(vertx);
    }

    /**
     * Listens; completes with the port.
     *
     * @param tls null for plain HTTP
     */
    public Future<Integer> start(@Nullable PemKeyCertOptions tls) {
        HttpServerOptions options = new HttpServerOptions()
                .setIdleTimeout(IDLE_SECONDS_MAX)
                .setMaxHeaderSize(HEADER_BYTES_MAX)
                .setHttp2ClearTextEnabled(false) // a way around whatever stands before the broker
                // A small frame can inflate to very much.
                .setPerMessageWebSocketCompressionSupported(false)
                .setPerFrameWebSocketCompressionSupported(false)
                .setMaxWebSocketFrameSize(PlaygroundSocket.MESSAGE_BYTES_MAX)
                .setMaxWebSocketMessageSize(PlaygroundSocket.MESSAGE_BYTES_MAX)
                .setWebSocketSubProtocols(List.of(PlaygroundSocket.PROTOCOL));
        if (tls != null) {
            options.setSsl(true).setKeyCertOptions(tls);
        }
        HttpServer created = vertx.createHttpServer(options).requestHandler(router());
        server = created;
        return created.listen(config.port(), config.host()).map(HttpServer::actualPort);
    }

    /** Takes other certificates for new connections; fails, and changes nothing, if they cannot be used. */
    public Future<Boolean> updateTls(PemKeyCertOptions tls) {
        HttpServer running = server;
        return running == null
                ? Future.succeededFuture(false)
                : running.updateSSLOptions(new ServerSSLOptions().setKeyCertOptions(tls));
    }

    /** Stops listening. */
    public Future<Void> close() {
        HttpServer running = server;
        return running == null ? Future.succeededFuture() : running.close();
    }

    /** Adds the API, once what it stands on has started; until then it answers 503. */
    public void serve(AdminApi api, NodeLink nodes) {
        apiRouter.clear();
        api.mount(apiRouter);
        nodes.mount(nodeRouter);
    }

    private Router router() {
        Router router = Router.router(vertx);
        router.route().handler(forwarding::note);
        router.route().handler(ConsoleFiles::protect);
        router.get("/health/live").handler(HealthPage::live);
        router.get("/health/ready").handler(health::ready);
        router.get("/metrics").handler(this::metrics);
        apiRouter.route().handler(AdminListener::starting);
        router.route("/api/*").subRouter(apiRouter);
        router.route("/*").subRouter(nodeRouter);
        ConsoleFiles console = new ConsoleFiles();
        router.get().handler(console::serve);
        if (!console.bundled()) {
            router.get("/").handler(AdminListener::index);
        }
        return router;
    }

    private void metrics(RoutingContext request) {
        metrics.get()
                .onFailure(request::fail)
                .onSuccess(page -> request.response()
                        .putHeader(HttpHeaders.CONTENT_TYPE, PROMETHEUS_TEXT)
                        .end(page));
    }

    private static void starting(RoutingContext request) {
        Dispatcher.write(request.response(), Problem.unavailable("The broker is starting."));
    }

    private static void index(RoutingContext request) {
        request.response()
                .putHeader(HttpHeaders.CONTENT_TYPE, "text/plain; charset=utf-8")
                .end(
                        "Parley, admin plane: /api/v1 /health/live /health/ready /metrics. The console is not in this build.\n");
    }
}
