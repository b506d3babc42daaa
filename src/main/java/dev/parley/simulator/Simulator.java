package dev.parley.simulator;

import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.SocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The provider's stand-in: speaks OpenAI's Realtime protocol (GA) at {@code /v1/realtime} and {@code /v1/realtime/translations}, understands nothing and answers
 * everything, can be scripted into every hard case, and keeps books of what it billed. {@code src/docs/simulator.md} is its manual.
 *
 * <p>Safe on any thread. Everything of one session runs on the event loop of its socket.
 */
public final class Simulator {
    /** Keys may come as long tokens in a subprotocol. */
    private static final int HEADER_BYTES_MAX = 64 << 10;

    private final Provider provider;
    private final int port;
    private final List<String> deployments;

    private Simulator(Provider provider, int port, List<String> deployments) {
        this.provider = provider;
        this.port = port;
        this.deployments = List.copyOf(deployments);
    }

    /** Listens, and completes once connections are accepted. */
    public static Future<Simulator> start(Vertx vertx, SimulatorOptions options) {
        Provider provider = Provider.of(vertx, options);
        SocketAddress address = addressOf(options);
        List<Listener> listeners = new ArrayList<>();
        List<Future<String>> deployed = new ArrayList<>();
        for (int i = 0; i < options.eventLoops(); i++) {
            listeners.add(new Listener(provider, address));
            deployed.add(vertx.deployVerticle(listeners.getLast()));
        }
        return Future.all(deployed)
                .map(all -> new Simulator(provider, listeners.getFirst().port(), all.list()));
    }

    /** A free port is chosen once, and shared by all listeners that name it by the same id. */
    private static SocketAddress addressOf(SimulatorOptions options) {
        return options.port() == 0
                ? SocketAddress.sharedRandomPort(1 + ThreadLocalRandom.current().nextInt(1 << 30), options.host())
                : SocketAddress.inetSocketAddress(options.port(), options.host());
    }

    public int port() {
        return port;
    }

    /** The base to set as a client's URL, such as {@code ws://127.0.0.1:9000/v1}. */
    public URI url() {
        String scheme = provider.options().certificate() == null ? "ws" : "wss";
        return URI.create(scheme + "://" + provider.options().host() + ":" + port + "/v1");
    }

    public Books books() {
        return provider.books();
    }

    public Scripts scripts() {
        return provider.scripts();
    }

    /** The calls that it has, and how others have ended. */
    public SimulatedCalls calls() {
        return provider.calls();
    }

    /**
     * Somebody calls by SIP: tells the webhook, signed.
     *
     * @param secret {@code whsec_…}
     * @return the call's id, when the webhook has answered; fails if it does not answer with success
     */
    public Future<String> ring(URI webhook, String secret, String to) {
        return IncomingCall.ring(provider, webhook, secret, to);
    }

    /** Drops every open connection without a close frame, as a restart of the provider does. */
    public void dropSessions() {
        provider.sessions().forEach(OpenSession::drop);
    }

    /** Closes every open session. */
    public void closeSessions(int code, String reason) {
        provider.sessions().forEach(session -> session.close(code, reason));
    }

    /** The recording that it speaks with: pcm16, mono, 24 kHz. */
    public byte[] recording() {
        return provider.voice().pcm();
    }

    /** Stops listening and ends every session. The books stay readable. */
    public Future<Void> close() {
        List<Future<Void>> undeployed =
                deployments.stream().map(id -> provider.vertx().undeploy(id)).toList();
        return Future.all(undeployed).mapEmpty();
    }

    /** One event loop's share of the listener. */
    private static final class Listener extends VerticleBase {
        private final Provider provider;
        private final SocketAddress address;
        private @Nullable HttpServer server;

        Listener(Provider provider, SocketAddress address) {
            this.provider = provider;
            this.address = address;
        }

        @Override
        public Future<?> start() {
            HttpServer listening = vertx.createHttpServer(serverOptions()).requestHandler(this::handle);
            server = listening;
            return listening.listen(address);
        }

        int port() {
            return server == null ? address.port() : server.actualPort();
        }

        private HttpServerOptions serverOptions() {
            SimulatorOptions options = provider.options();
            HttpServerOptions server =
                    new HttpServerOptions().setMaxHeaderSize(HEADER_BYTES_MAX).setTcpNoDelay(true);
            Path certificate = options.certificate();
            Path privateKey = options.privateKey();
            if (certificate != null && privateKey != null) {
                server.setSsl(true)
                        .setKeyCertOptions(new PemKeyCertOptions()
                                .setCertPath(certificate.toString())
                                .setKeyPath(privateKey.toString()));
            }
            return server;
        }

        private void handle(HttpServerRequest request) {
            boolean upgrade = "websocket".equalsIgnoreCase(request.getHeader("Upgrade"));
            if (upgrade && request.path().equals("/v1/realtime") && request.getParam("call_id") != null) {
                new SidebandHandshake(provider, request).answer();
            } else if (upgrade && Handshake.serves(request.path())) {
                new Handshake(provider, request).answer();
            } else {
                new ControlPlane(provider).handle(request);
            }
        }
    }
}
