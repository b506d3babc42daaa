package dev.parley.relay;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A client's wire and an upstream's wire with two legs between them, on one event loop. */
@SuppressWarnings("try") // Closing waits for threads, and a test may be interrupted there.
final class Rig implements AutoCloseable {
    private static final int DEADLINE_SECONDS = 20;

    private final Legs legs;
    private final RelayLimits clientLimits;
    private final RelayLimits upstreamLimits;
    private final Vertx vertx = Vertx.vertx();
    private final ServerSocket upstreamListener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    /** A field, because Vert.x closes a client that nobody refers to any more. */
    private final WebSocketClient connector;

    private final CompletableFuture<Leg> clientMade = new CompletableFuture<>();
    private final CompletableFuture<Leg> upstreamMade = new CompletableFuture<>();
    private final CompletableFuture<Context> loop = new CompletableFuture<>();

    final ScriptedGate fromClient = new ScriptedGate();
    final ScriptedGate fromUpstream = new ScriptedGate();
    final Wire client;
    final Wire upstream;

    Rig(Legs legs, RelayLimits clientLimits, RelayLimits upstreamLimits, byte... early) throws Exception {
        this.legs = legs;
        this.clientLimits = clientLimits;
        this.upstreamLimits = upstreamLimits;
        this.connector = vertx.createWebSocketClient(
                RelayOptions.standard().client(new WebSocketClientOptions(), upstreamLimits));
        int port = listen();
        CompletableFuture<Wire> accepted = async(() -> Wire.accept(upstreamListener, early));
        this.client = Wire.connect(port, "/");
        this.upstream = accepted.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    Rig(Legs legs) throws Exception {
        this(legs, RelayLimits.client(), RelayLimits.upstream());
    }

    private int listen() throws Exception {
        Context context = vertx.getOrCreateContext();
        loop.complete(context);
        CompletableFuture<Integer> port = new CompletableFuture<>();
        context.runOnContext(
                start -> vertx.createHttpServer(RelayOptions.standard().listener(new HttpServerOptions(), clientLimits))
                        .requestHandler(request -> request.toWebSocket().onSuccess(this::join))
                        .listen(0, "127.0.0.1")
                        .onSuccess(server -> port.complete(server.actualPort()))
                        .onFailure(port::completeExceptionally));
        return port.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    private void join(ServerWebSocket socket) {
        Leg client = legs.client(socket, clientLimits);
        client.judge(fromClient);
        clientMade.complete(client);
        connector
                .connect(new WebSocketConnectOptions()
                        .setHost("127.0.0.1")
                        .setPort(upstreamListener.getLocalPort())
                        .setURI("/"))
                .onSuccess(upstreamSocket -> {
                    Leg upstream = legs.upstream(upstreamSocket, upstreamLimits);
                    upstream.judge(fromUpstream);
                    client.forwardTo(upstream);
                    upstream.forwardTo(client);
                    upstream.start();
                    client.start();
                    upstreamMade.complete(upstream);
                })
                .onFailure(upstreamMade::completeExceptionally);
    }

    Leg clientLeg() throws Exception {
        return clientMade.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    Leg upstreamLeg() throws Exception {
        return upstreamMade.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    /** Runs something on the event loop of the legs. */
    <T> T onLoop(Callable<T> work) throws Exception {
        clientLeg();
        upstreamLeg();
        CompletableFuture<T> result = new CompletableFuture<>();
        loop.get().runOnContext(run -> {
            try {
                result.complete(work.call());
            } catch (Exception failure) {
                result.completeExceptionally(failure);
            }
        });
        return result.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    /** Runs blocking work beside the test. */
    static <T> CompletableFuture<T> async(Callable<T> work) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread.startVirtualThread(() -> {
            try {
                result.complete(work.call());
            } catch (Exception failure) {
                result.completeExceptionally(failure);
            }
        });
        return result;
    }

    static <T> T await(CompletableFuture<T> future) throws Exception {
        return future.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    /** Waits until something holds that is seen from outside the event loop. */
    static void eventually(Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
        while (!condition.call()) {
            assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
            TimeUnit.MILLISECONDS.sleep(2);
        }
    }

    @Override
    public void close() throws IOException {
        client.close();
        upstream.close();
        upstreamListener.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }
}
