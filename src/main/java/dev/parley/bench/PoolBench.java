package dev.parley.bench;

import dev.parley.bench.LoadConnection.Destination;
import dev.parley.simulator.Script;
import dev.parley.simulator.Simulator;
import dev.parley.simulator.SimulatorOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/**
 * What warm upstream sessions are worth: the time from a client's connection to its {@code session.created}, from warm ones
 * and from connections on demand, with a provider that takes {@value #HANDSHAKE_MILLIS} ms to open one. Then a burst on a
 * few warm ones, and the connections it took. One event loop; blocks, two minutes.
 */
public final class PoolBench {
    private static final int HANDSHAKE_MILLIS = 200;
    private static final int WARM = 5;
    private static final int BURST = 50;
    private static final int SAMPLES = 200;
    private static final int WARM_UP = 60;
    private static final int PER_SECOND = 10;
    private static final String PATH = "/v1/realtime?model=gpt-realtime";
    private static final int PLENTY = 100_000;
    private static final long DEADLINE_SECONDS = 30;
    private static final long POLL_NANOS = Duration.ofMillis(20).toNanos();

    private final PrintStream out;
    private final Vertx vertx;
    private final Simulator simulator;
    private final WebSocketClient client;

    private PoolBench(PrintStream out, Vertx vertx, Simulator simulator) {
        this.out = out;
        this.vertx = vertx;
        this.simulator = simulator;
        this.client = vertx.createWebSocketClient(new WebSocketClientOptions().setMaxConnections(PLENTY));
    }

    /** How long it took, from the first byte sent. */
    private record Opened(WebSocket socket, long toUpgraded, long toCreated) {
        long afterUpgrade() {
            return toCreated - toUpgraded;
        }
    }

    /** Runs everything and prints the tables. */
    public static void run(PrintStream out) throws BenchException {
        Vertx vertx = Vertx.vertx();
        try {
            Simulator simulator = await(Simulator.start(vertx, SimulatorOptions.DEFAULT));
            simulator.scripts().always(Script.parse("{\"handshakeDelayMillis\":" + HANDSHAKE_MILLIS + "}"));
            new PoolBench(out, vertx, simulator).run();
        } catch (IOException e) {
            throw new BenchException("a process could not be started: " + e.getMessage());
        } finally {
            vertx.close();
        }
    }

    private void run() throws IOException, BenchException {
        out.println("upstream handshake " + HANDSHAKE_MILLIS + " ms, " + SAMPLES + " sessions at " + PER_SECOND
                + " a second, from the client's connection to session.created");
        List<Opened> cold = measured(Map.of("PARLEY_POOL_WARM_MAX", "0"), false);
        List<Opened> warm = measured(
                Map.of(
                        "PARLEY_POOL_WARM_MIN", Integer.toString(WARM),
                        "PARLEY_POOL_WARM_MAX", Integer.toString(WARM),
                        "PARLEY_POOL_WARM_MODELS", "gpt-realtime"),
                true);
        report(cold, warm);
    }

    private List<Opened> measured(Map<String, String> pool, boolean burst) throws IOException, BenchException {
        Map<String, String> settings = new HashMap<>(pool);
        settings.put("PARLEY_RELAY_EVENT_LOOPS", "1");
        settings.put("PARLEY_POOL_CONNECTS_MAX", Integer.toString(BURST + WARM));
        Path folder = BenchFolder.make();
        try (BrokerProcess broker =
                BrokerProcess.start(Core.choose(), folder, simulator.port(), PATH, List.of(), settings)) {
            paced(broker.destination(), WARM_UP);
            List<Opened> sessions = paced(broker.destination(), SAMPLES);
            if (burst) {
                burst(broker.destination());
            }
            return sessions;
        } finally {
            BenchFolder.delete(folder);
        }
    }

    /** One after the other at a steady rate, each closed at once. */
    private List<Opened> paced(Destination to, int number) throws BenchException {
        List<Opened> all = new ArrayList<>();
        long next = System.nanoTime();
        for (int i = 0; i < number; i++) {
            next += TimeUnit.SECONDS.toNanos(1) / PER_SECOND;
            Opened opened = await(open(to));
            opened.socket().close();
            all.add(opened);
            pause(next - System.nanoTime());
        }
        return all;
    }

    private void burst(Destination to) throws BenchException {
        awaitSessions(WARM);
        long before = simulator.books().counters().sessionsOpened();
        long begun = System.nanoTime();
        List<Future<Opened>> opening = new ArrayList<>();
        for (int i = 0; i < BURST; i++) {
            opening.add(open(to));
        }
        List<Opened> all = new ArrayList<>();
        for (Future<Opened> one : opening) {
            all.add(await(one));
        }
        long took = System.nanoTime() - begun;
        awaitSessions(BURST + WARM);
        long connects = simulator.books().counters().sessionsOpened() - before;
        out.printf(
                "burst of %d on %d warm: all open after %.0f ms (p50 %.1f ms, p99 %.1f ms), %d upstream connections,"
                        + " of which %d made good the warm ones: %.2f a session%n",
                BURST,
                WARM,
                took / 1e6,
                millis(all, 0.5, false),
                millis(all, 0.99, false),
                connects,
                WARM,
                connects / (double) BURST);
        all.forEach(one -> one.socket().close());
    }

    /** Until the provider has so many sessions, and no more come. */
    private void awaitSessions(int number) throws BenchException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
        while (simulator.books().counters().sessionsOpen() != number) {
            if (System.nanoTime() > deadline) {
                throw new BenchException("the provider has "
                        + simulator.books().counters().sessionsOpen() + " sessions and not " + number);
            }
            pause(POLL_NANOS);
        }
        pause(TimeUnit.MILLISECONDS.toNanos(2L * HANDSHAKE_MILLIS));
    }

    private Future<Opened> open(Destination to) {
        Promise<Opened> opened = Promise.promise();
        long begun = System.nanoTime();
        WebSocketConnectOptions options = new WebSocketConnectOptions()
                .setHost("127.0.0.1")
                .setPort(to.port())
                .setURI(to.path())
                .addHeader("Authorization", "Bearer " + to.token());
        vertx.runOnContext(_ -> client.connect(options)
                .onFailure(opened::tryFail)
                .onSuccess(socket -> {
                    long upgraded = System.nanoTime() - begun;
                    socket.closeHandler(_ -> opened.tryFail("closed " + socket.closeStatusCode()));
                    socket.textMessageHandler(message -> {
                        if (message.contains("\"session.created\"")) {
                            opened.tryComplete(new Opened(socket, upgraded, System.nanoTime() - begun));
                        }
                    });
                }));
        return opened.future();
    }

    private void report(List<Opened> cold, List<Opened> warm) {
        out.printf("%-28s %10s %10s %10s%n", "", "on demand", "warm", "ratio");
        for (double quantile : new double[] {0.5, 0.99}) {
            row("p" + (int) (quantile * 100) + " from the connection", quantile, cold, warm, false);
            row("p" + (int) (quantile * 100) + " from the upgrade", quantile, cold, warm, true);
        }
    }

    private void row(String name, double quantile, List<Opened> cold, List<Opened> warm, boolean fromUpgrade) {
        double onDemand = millis(cold, quantile, fromUpgrade);
        double fromWarm = millis(warm, quantile, fromUpgrade);
        out.printf("%-28s %7.2f ms %7.2f ms %10s%n", name, onDemand, fromWarm, "1/%.0f".formatted(onDemand / fromWarm));
    }

    private static double millis(List<Opened> all, double quantile, boolean fromUpgrade) {
        long[] nanos = all.stream()
                .mapToLong(one -> fromUpgrade ? one.afterUpgrade() : one.toCreated())
                .sorted()
                .toArray();
        return nanos[Math.min(nanos.length - 1, (int) Math.ceil(nanos.length * quantile) - 1)] / 1e6;
    }

    private static void pause(long nanos) {
        long end = System.nanoTime() + nanos;
        while (end - System.nanoTime() > 0) {
            LockSupport.parkNanos(end - System.nanoTime());
        }
    }

    private static <T> T await(Future<T> future) throws BenchException {
        try {
            return future.toCompletionStage().toCompletableFuture().get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new BenchException("a session could not be opened: " + e.getCause());
        } catch (TimeoutException e) {
            throw new BenchException("a session was not open in time");
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new BenchException("interrupted");
        }
    }
}
