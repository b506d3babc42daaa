package dev.parley.bench;

import dev.parley.bench.LoadConnection.Destination;
import dev.parley.simulator.Script;
import dev.parley.simulator.Simulator;
import dev.parley.simulator.SimulatorOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/**
 * Many sessions in pool mode turn, connected all the while, each of which asks for a response now and then: upstream
 * sessions needed, memory a session, time of an answer, and whether every answer is its asker's. Blocks.
 */
public final class TurnBench {
    private static final String PATH = "/v1/realtime?model=" + BrokerProcess.TURN_MODEL;
    /** About a second for an answer of thirty tokens. */
    private static final String SCRIPT =
            "{\"generationDelayMillis\":300,\"deltaIntervalMillis\":20,\"outputTokens\":30}";

    /** So that every upstream session is one that responses share. */
    private static final Map<String, String> POOL = Map.of("PARLEY_POOL_WARM_MAX", "0");

    private static final int AT_ONCE = 100;
    private static final int WARM_UP = 300;
    private static final long DEADLINE_SECONDS = 60;
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    private final PrintStream out;
    private final Options options;
    private final Vertx vertx;
    private final Simulator simulator;
    private final WebSocketClient client;
    private final SplittableRandom random = new SplittableRandom();
    private long upstreamMost;

    /**
     * What is asked.
     *
     * @param intervalSeconds between two responses of a session
     * @param rounds responses of each session
     */
    public record Options(int sessions, int intervalSeconds, int rounds) {}

    private TurnBench(PrintStream out, Options options, Vertx vertx, Simulator simulator) {
        this.out = out;
        this.options = options;
        this.vertx = vertx;
        this.simulator = simulator;
        this.client = vertx.createWebSocketClient(
                new WebSocketClientOptions().setMaxConnections(options.sessions() + WARM_UP));
    }

    /** Runs everything and prints the figures. */
    public static void run(Options options, PrintStream out) throws BenchException {
        Vertx vertx = Vertx.vertx();
        try {
            Simulator simulator = await(Simulator.start(vertx, SimulatorOptions.DEFAULT));
            simulator.scripts().always(Script.parse(SCRIPT));
            new TurnBench(out, options, vertx, simulator).run();
        } catch (IOException e) {
            throw new BenchException("a process could not be started or looked at: " + e.getMessage());
        } finally {
            vertx.close();
        }
    }

    private void run() throws IOException, BenchException {
        Path folder = BenchFolder.make();
        try (BrokerProcess broker =
                BrokerProcess.start(Core.choose(), folder, simulator.port(), PATH, List.of("-Xmx4g"), POOL)) {
            TurnAsker.Figures warmUp = new TurnAsker.Figures();
            List<TurnAsker> first = connect(broker.destination(), WARM_UP, warmUp);
            ask(first, 5, 2, warmUp);
            first.forEach(TurnAsker::close);
            awaitUpstreamGone();
            measure(broker);
        } finally {
            BenchFolder.delete(folder);
        }
    }

    private void measure(BrokerProcess broker) throws IOException, BenchException {
        TurnAsker.Figures figures = new TurnAsker.Figures();
        long empty = resident(broker);
        long begun = System.nanoTime();
        List<TurnAsker> askers = connect(broker.destination(), options.sessions(), figures);
        out.printf(
                "%d sessions connected in %d s, none with an upstream session: %d open%n",
                askers.size(),
                TurnAsker.seconds(System.nanoTime() - begun),
                simulator.books().counters().sessionsOpen());
        report("memory an idle session", resident(broker) - empty);
        long opened = simulator.books().counters().sessionsOpened();
        double cpu = ProcessStat.cpuSeconds(broker.pid());
        upstreamMost = 0;
        long from = System.nanoTime();
        ask(askers, options.intervalSeconds(), options.rounds(), figures);
        double seconds = (System.nanoTime() - from) / 1e9;
        out.printf(
                "%d responses, one of each session every %d s: %d answered, %d failed %s; %d canaries heard, %d of somebody else%n",
                (long) options.sessions() * options.rounds(),
                options.intervalSeconds(),
                figures.answered.sum(),
                figures.failed.sum(),
                figures.reasons,
                figures.canaries.sum(),
                figures.strange.sum());
        out.printf(
                "at most %d upstream sessions at once, %d opened in %.0f s; broker %.0f %% of a core; an answer takes p50 %.0f ms, p99 %.0f ms%n",
                upstreamMost,
                simulator.books().counters().sessionsOpened() - opened,
                seconds,
                (ProcessStat.cpuSeconds(broker.pid()) - cpu) * 100 / seconds,
                millis(figures, 0.5),
                millis(figures, 0.99));
        report("memory a session that has answered " + options.rounds() + " times", resident(broker) - empty);
        askers.forEach(TurnAsker::close);
    }

    private void report(String what, long bytes) {
        out.printf("%s: %.1f KiB%n", what, bytes / 1024.0 / options.sessions());
    }

    private List<TurnAsker> connect(Destination to, int number, TurnAsker.Figures figures) throws BenchException {
        List<TurnAsker> all = new ArrayList<>();
        while (all.size() < number) {
            List<Future<TurnAsker>> opening = new ArrayList<>();
            for (int i = 0; i < AT_ONCE && all.size() + i < number; i++) {
                opening.add(open(to, all.size() + i, figures));
            }
            for (Future<TurnAsker> one : opening) {
                all.add(await(one));
            }
        }
        return all;
    }

    private Future<TurnAsker> open(Destination to, int number, TurnAsker.Figures figures) {
        WebSocketConnectOptions upgrade = new WebSocketConnectOptions()
                .setHost("127.0.0.1")
                .setPort(to.port())
                .setURI(to.path())
                .addHeader("Authorization", "Bearer " + to.token());
        Promise<TurnAsker> ready = Promise.promise();
        vertx.runOnContext(_ -> client.connect(upgrade)
                .compose(socket -> new TurnAsker(vertx, socket, number, figures).ready())
                .onComplete(ready));
        return ready.future();
    }

    /** Spread over the interval; returns when all have had their time. */
    private void ask(List<TurnAsker> askers, int intervalSeconds, int rounds, TurnAsker.Figures figures) {
        long intervalMillis = TimeUnit.SECONDS.toMillis(intervalSeconds);
        askers.forEach(asker -> asker.begin(random.nextLong(intervalMillis), intervalMillis, rounds));
        long wanted = (long) askers.size() * rounds;
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos((long) intervalSeconds * rounds + DEADLINE_SECONDS);
        while (figures.answered.sum() + figures.failed.sum() < wanted && System.nanoTime() < end) {
            upstreamMost = Math.max(upstreamMost, simulator.books().counters().sessionsOpen());
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    private void awaitUpstreamGone() throws BenchException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(2 * DEADLINE_SECONDS);
        while (simulator.books().counters().sessionsOpen() > 0) {
            if (System.nanoTime() > deadline) {
                throw new BenchException("idle upstream sessions do not go");
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    private static long resident(BrokerProcess broker) throws IOException, BenchException {
        broker.collectGarbage();
        broker.collectGarbage();
        LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
        return ProcessStat.residentBytes(broker.pid());
    }

    private static double millis(TurnAsker.Figures figures, double quantile) {
        long[] nanos =
                figures.nanos.stream().mapToLong(Long::longValue).sorted().toArray();
        return nanos.length == 0
                ? Double.NaN
                : nanos[Math.min(nanos.length - 1, (int) Math.ceil(nanos.length * quantile) - 1)] / 1e6;
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
