package dev.parley.relay;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What Vert.x knows of a socket that became a leg. */
@Timeout(60)
class TakeoverTest {
    private final Vertx vertx = Vertx.vertx();
    private final Legs legs = new BytesLegs();
    private final LinkedBlockingQueue<ServerWebSocket> accepted = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<LegEnd> ends = new LinkedBlockingQueue<>();
    private HttpServer server = vertx.createHttpServer();

    @BeforeEach
    void listen() throws Exception {
        server =
                vertx.createHttpServer(RelayOptions.standard().listener(new HttpServerOptions(), RelayLimits.client()));
        server.requestHandler(request -> request.toWebSocket().onSuccess(socket -> {
            Leg leg = legs.client(socket, RelayLimits.client());
            leg.judge(new EndsOnly());
            leg.start();
            accepted.add(socket);
        }));
        Rig.await(server.listen(0, "127.0.0.1"));
    }

    @AfterEach
    void stop() throws Exception {
        Rig.await(vertx.close());
    }

    /** Vert.x counts a client's connections; one that the relay has taken must not count for ever. */
    @Test
    void aLegTakesNoPlaceOfTheClientThatConnectedIt() throws Exception {
        WebSocketClient client = vertx.createWebSocketClient(RelayOptions.standard()
                .client(new WebSocketClientOptions(), RelayLimits.upstream())
                .setMaxConnections(1));
        Leg first = upstream(client);
        Leg second = upstream(client);
        assertThat(first.isOpen()).isTrue();
        assertThat(second.isOpen()).isTrue();
        assertThat(accepted).hasSize(2);
    }

    @Test
    void closingTheServerEndsItsLegsWithACloseFrame() throws Exception {
        WebSocketClient client = vertx.createWebSocketClient(
                RelayOptions.standard().client(new WebSocketClientOptions(), RelayLimits.upstream()));
        Promise<Short> closed = Promise.promise();
        client.connect(server.actualPort(), "127.0.0.1", "/")
                .onSuccess(socket -> socket.closeHandler(_ -> closed.complete(socket.closeStatusCode())));
        assertThat(accepted.poll(20, TimeUnit.SECONDS)).isNotNull();

        Rig.await(server.shutdown(Duration.ofSeconds(10).toMillis(), TimeUnit.MILLISECONDS));

        assertThat(Rig.await(closed.future())).isEqualTo((short) 1000);
        assertThat(ends.poll(20, TimeUnit.SECONDS)).isNotNull();
    }

    /** As when a client goes away while its session is still being made. */
    @Test
    void aLegThatEndedBeforeAnybodyJudgedItTellsWhoeverComes() throws Exception {
        WebSocketClient client = vertx.createWebSocketClient(
                RelayOptions.standard().client(new WebSocketClientOptions(), RelayLimits.upstream()));
        Promise<Leg> made = Promise.promise();
        Context context = vertx.getOrCreateContext();
        context.runOnContext(_ -> client.connect(server.actualPort(), "127.0.0.1", "/")
                .onSuccess(socket -> {
                    Leg leg = legs.upstream(socket, RelayLimits.upstream());
                    leg.cut();
                    context.owner().setTimer(50, _ -> made.complete(leg));
                }));
        Leg leg = Rig.await(made.future());
        assertThat(accepted.poll(20, TimeUnit.SECONDS)).isNotNull();
        assertThat(ends.poll(20, TimeUnit.SECONDS)).as("the other side's leg").isNotNull();

        context.runOnContext(_ -> {
            leg.judge(new EndsOnly());
            leg.start();
        });

        assertThat(ends.poll(20, TimeUnit.SECONDS)).isNotNull();
        assertThat(ends).isEmpty();
    }

    private Leg upstream(WebSocketClient client) throws Exception {
        Context context = vertx.getOrCreateContext();
        Future<Leg> leg =
                Future.future(promise -> context.runOnContext(_ -> client.connect(server.actualPort(), "127.0.0.1", "/")
                        .map(socket -> legs.upstream(socket, RelayLimits.upstream()))
                        .onComplete(promise)));
        return Rig.await(leg);
    }

    private final class EndsOnly implements Gate {
        @Override
        public Verdict onMessage(MessageHead head) {
            return Verdict.DROP;
        }

        @Override
        public void onEnd(LegEnd end) {
            ends.add(end);
        }
    }
}
