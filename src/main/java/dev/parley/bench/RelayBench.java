package dev.parley.bench;

import dev.parley.bench.LoadConnection.Destination;
import dev.parley.bench.RelayReport.Latency;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * What the relay costs beside nginx and beside nothing: CPU a message, added round trip, memory an idle session. Load,
 * upstream and target share one core; the targets take turns in each round; CPU is the median of the rounds, latency the
 * round with the lowest p99, counted from when a message was due. Blocks; about three minutes, see {@link Options}.
 */
public final class RelayBench {
    private static final String PATH = "/v1/realtime?model=gpt-realtime";
    private static final List<Integer> SIZES = List.of(1024, 6 * 1024, 64 * 1024);
    /** 50 ms of 24 kHz PCM16 in base64, with the event around it: what a microphone sends 20 times a second. */
    private static final int PACED_BYTES = 3328;

    private static final int PACED_PER_SECOND = 20;
    /** The broker's compiler also has to see sessions end and begin, or it starts anew in the first round. */
    private static final int WARM_UP_CYCLES = 4;

    private static final int MEMORY_WARM_UP_WAVES = 3;
    private static final int MEMORY_WARM_UP_PAIRS = 200;

    private static final Duration DRAINED_MAX = Duration.ofSeconds(30);
    private static final Duration POLL = Duration.ofMillis(50);

    /** The upstream sessions that are open are those of the clients. */
    private static final Map<String, String> NOTHING_WARM =
            Map.of("PARLEY_POOL_WARM_MAX", "0", "PARLEY_POOL_ACQUIRE_TIMEOUT", "30s");

    private final Options options;
    private final PrintStream out;
    private final RelayReport report = new RelayReport();

    private RelayBench(Options options, PrintStream out) {
        this.options = options;
        this.out = out;
    }

    /**
     * How long and how much.
     *
     * @param rounds in which all targets take their turns
     * @param jvmOptions of the broker, such as a profiler's; normally none
     */
    public record Options(
            int rounds,
            Duration warmUp,
            Duration window,
            Duration brokerWarmUp,
            int loopConnections,
            int pacedConnections,
            int idlePairs,
            List<String> jvmOptions) {
        public Options {
            jvmOptions = List.copyOf(jvmOptions);
        }

        public static Options usual() {
            return new Options(
                    3,
                    Duration.ofMillis(700),
                    Duration.ofMillis(2500),
                    Duration.ofSeconds(36),
                    64,
                    500,
                    2000,
                    List.of());
        }

        /** For a look: under a minute, and less to be trusted. */
        public static Options quick() {
            return new Options(
                    1, Duration.ofMillis(500), Duration.ofMillis(1500), Duration.ofSeconds(5), 64, 200, 500, List.of());
        }
    }

    /** Runs everything and prints the tables. */
    public static void run(Options options, PrintStream out) throws BenchException {
        new RelayBench(options, out).run();
    }

    private void run() throws BenchException {
        Path folder = BenchFolder.make();
        Core core = Core.choose();
        List<Target> targets = new ArrayList<>();
        try (Upstream upstream = Upstream.start(core);
                Peer load = Peer.start(core, "load")) {
            try {
                startTargets(targets, core, folder, upstream);
                report.header(out, core, targets, options);
                measureMemory(targets, load, upstream);
                warmUp(targets, load, upstream);
                measureCpu(targets, load, upstream);
                measureLatency(targets, load, upstream);
            } finally {
                targets.forEach(Target::close);
            }
        } catch (IOException e) {
            throw new BenchException("a process could not be started: " + e.getMessage());
        } finally {
            BenchFolder.delete(folder);
        }
        report.print(out);
    }

    private void startTargets(List<Target> targets, Core core, Path folder, Upstream upstream)
            throws IOException, BenchException {
        targets.add(new Target.Direct(new Destination(upstream.port(), PATH, ""), upstream.pid()));
        Optional<Path> nginx = Nginx.program();
        if (nginx.isPresent()) {
            targets.add(Nginx.start(nginx.get(), core, folder, upstream.port(), PATH));
        } else {
            out.println(Nginx.MISSING);
        }
        out.println("starting the broker with its database ...");
        targets.add(BrokerProcess.start(core, folder, upstream.port(), PATH, options.jvmOptions(), NOTHING_WARM));
    }

    private void measureMemory(List<Target> targets, Peer load, Upstream upstream) throws IOException, BenchException {
        for (Target target : targets) {
            if (!target.isProxy()) {
                continue;
            }
            // Classes, compiled code and pools that a first session needs are not a cost of each.
            for (int wave = 0; wave < MEMORY_WARM_UP_WAVES; wave++) {
                open(load, target, SIZES.getFirst(), MEMORY_WARM_UP_PAIRS);
                close(load, upstream);
            }
            long before = settledBytes(target);
            open(load, target, SIZES.getFirst(), options.idlePairs());
            long after = settledBytes(target);
            report.memory(target, options.idlePairs(), after - before);
            close(load, upstream);
            progress("memory", target);
        }
    }

    private static long settledBytes(Target target) throws IOException, BenchException {
        target.collectGarbage();
        pause(Duration.ofSeconds(1));
        target.collectGarbage();
        pause(Duration.ofMillis(300));
        return ProcessStat.residentBytes(target.pid());
    }

    /** The compiler of the JVM has done its work before anything is measured. */
    private void warmUp(List<Target> targets, Peer load, Upstream upstream) throws BenchException {
        Duration each = options.brokerWarmUp().dividedBy((long) SIZES.size() * WARM_UP_CYCLES);
        for (int cycle = 0; cycle < WARM_UP_CYCLES; cycle++) {
            for (int size : SIZES) {
                for (Target target : targets) {
                    if (cycle == 0 || target instanceof BrokerProcess) {
                        open(load, target, size, options.loopConnections());
                        load.ask(order("closed", each, Duration.ofMillis(100)).put("pid", target.pid()));
                        close(load, upstream);
                    }
                }
            }
        }
    }

    private void measureCpu(List<Target> targets, Peer load, Upstream upstream) throws BenchException {
        for (int size : SIZES) {
            for (int round = 0; round < options.rounds(); round++) {
                for (Target target : targets) {
                    open(load, target, size, options.loopConnections());
                    JsonObject outcome = load.ask(
                            order("closed", options.warmUp(), options.window()).put("pid", target.pid()));
                    close(load, upstream);
                    report.cpu(target, size, outcome);
                }
            }
            progress("CPU at " + size / 1024 + " KB", targets.getLast());
        }
    }

    private void measureLatency(List<Target> targets, Peer load, Upstream upstream) throws BenchException {
        for (int round = 0; round < options.rounds(); round++) {
            for (Target target : targets) {
                open(load, target, PACED_BYTES, options.pacedConnections());
                JsonObject outcome = load.ask(
                        order("paced", options.warmUp(), options.window()).put("per_second", PACED_PER_SECOND));
                close(load, upstream);
                report.latency(target, outcome.mapTo(Latency.class));
            }
        }
        progress("round trips", targets.getLast());
    }

    private static void open(Peer load, Target target, int bytes, int connections) throws BenchException {
        Destination to = target.destination();
        load.ask(new JsonObject()
                .put("do", "open")
                .put("port", to.port())
                .put("path", to.path())
                .put("token", to.token())
                .put("bytes", bytes)
                .put("connections", connections));
    }

    /** Waits until the upstream has lost its connections too, so that no end of one load is in the next. */
    private static void close(Peer load, Upstream upstream) throws BenchException {
        long lost = load.ask(new JsonObject().put("do", "close")).getLong("lost");
        if (lost > 0) {
            throw new BenchException(lost + " connections or messages were lost: the figures would be wrong");
        }
        long deadline = System.nanoTime() + DRAINED_MAX.toNanos();
        while (upstream.connections() > 0) {
            if (System.nanoTime() > deadline) {
                throw new BenchException("upstream connections stay open after their clients have left");
            }
            pause(POLL);
        }
    }

    private static JsonObject order(String what, Duration warmUp, Duration window) {
        return new JsonObject()
                .put("do", what)
                .put("warm_up_ms", warmUp.toMillis())
                .put("window_ms", window.toMillis());
    }

    private void progress(String what, Target target) {
        out.println("  done: " + what + (what.equals("memory") ? " of " + target.name() : ""));
    }

    private static void pause(Duration length) {
        long end = System.nanoTime() + length.toNanos();
        for (long left = length.toNanos(); left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    /** The upstream's process. */
    private record Upstream(Peer peer, int port) implements AutoCloseable {
        static Upstream start(Core core) throws IOException {
            int port = Ports.free();
            return new Upstream(Peer.start(core, "upstream", Integer.toString(port)), port);
        }

        long pid() {
            return peer.pid();
        }

        int connections() throws BenchException {
            return peer.ask(new JsonObject()).getInteger("connections");
        }

        @Override
        public void close() {
            peer.close();
        }
    }
}
