package dev.parley.relay;

import dev.parley.domain.SessionId;
import dev.parley.gateway.Handshake;
import dev.parley.gateway.ResumeRequest;
import dev.parley.gateway.SessionOpener;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;

/** Takes everybody in and joins them to an upstream of their own, with nothing judged. */
final class EchoSessions implements SessionOpener {
    private final Legs legs;
    private final RelayLimits limits;
    private final int upstreamPort;
    private final WebSocketClient connector;

    EchoSessions(Vertx vertx, Legs legs, RelayLimits limits, int upstreamPort) {
        this.legs = legs;
        this.limits = limits;
        this.upstreamPort = upstreamPort;
        this.connector =
                vertx.createWebSocketClient(RelayOptions.standard().client(new WebSocketClientOptions(), limits));
    }

    @Override
    public Future<Opening> open(Handshake handshake) {
        WebSocketConnectOptions target = new WebSocketConnectOptions()
                .setHost("127.0.0.1")
                .setPort(upstreamPort)
                .setURI("/");
        return connector.connect(target).map(socket -> new Opening.Accepted(new Joined(socket)));
    }

    @Override
    public Future<Opening> resume(ResumeRequest request) {
        return Future.failedFuture("an echo is not resumed");
    }

    /** An upstream that waits for its client. */
    private final class Joined implements Entrance {
        private final SessionId session = SessionId.random();
        private final Leg upstream;

        Joined(WebSocket socket) {
            this.upstream = legs.upstream(socket, limits);
        }

        @Override
        public SessionId session() {
            return session;
        }

        @Override
        public void enter(Leg client) {
            ending(client, upstream);
            ending(upstream, client);
            client.forwardTo(upstream);
            upstream.forwardTo(client);
            upstream.start();
            client.start();
        }

        @Override
        public void abandon() {
            upstream.cut();
        }
    }

    /** Passes everything from one leg, and closes the other when it ends. */
    private static void ending(Leg leg, Leg other) {
        leg.judge(new Gate() {
            @Override
            public Verdict onMessage(MessageHead head) {
                return Verdict.PASS;
            }

            @Override
            public void onEnd(LegEnd end) {
                other.close(1000, "");
            }
        });
    }
}
