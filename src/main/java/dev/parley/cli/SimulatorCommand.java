package dev.parley.cli;

import dev.parley.launcher.StopSignals;
import dev.parley.simulator.Simulator;
import dev.parley.simulator.SimulatorOptions;
import io.vertx.core.Vertx;
import java.net.BindException;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code parley simulator}: the provider's stand-in as a process of its own. */
@Command(
        name = "simulator",
        mixinStandardHelpOptions = true,
        description = {
            "Runs a stand-in for the provider until SIGTERM or SIGINT.",
            "It speaks the GA Realtime protocol at /v1/realtime, takes scripts at /simulator/script and shows what it",
            "billed at /simulator/books. src/docs/simulator.md is its manual."
        },
        footer = {
            "",
            "Examples:",
            "  parley simulator --port 9000",
            "  PARLEY_UPSTREAM_URL=ws://127.0.0.1:9000/v1 PARLEY_UPSTREAM_API_KEY=any parley serve"
        })
final class SimulatorCommand implements Callable<Integer> {
    private static final int WAIT_SECONDS_MAX = 10;

    @Option(
            names = "--host",
            paramLabel = "HOST",
            defaultValue = "127.0.0.1",
            description = "Default: ${DEFAULT-VALUE}.")
    private String host = "127.0.0.1";

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "9000",
            description = "0 takes a free one. Default: ${DEFAULT-VALUE}.")
    private int port = 9_000;

    @Option(
            names = "--api-key",
            paramLabel = "KEY",
            description = "A key that it accepts; can be repeated. Default: any key that is not empty.")
    private Set<String> apiKeys = Set.of();

    @Option(
            names = "--speed",
            paramLabel = "X",
            defaultValue = "10",
            description =
                    "How much faster than speech it puts out; 'Infinity' is without limit. Default: ${DEFAULT-VALUE}.")
    private double speed = 10;

    @Option(names = "--tls-certificate", paramLabel = "FILE", description = "PEM file; speaks wss.")
    private @Nullable Path certificate;

    @Option(names = "--tls-key", paramLabel = "FILE", description = "PEM file.")
    private @Nullable Path key;

    @Option(
            names = "--event-loops",
            paramLabel = "N",
            defaultValue = "1",
            description = "How many event loops share the sessions. Default: ${DEFAULT-VALUE}.")
    private int eventLoops = 1;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        CountDownLatch stop = new CountDownLatch(1);
        StopSignals.handle(_ -> stop.countDown());
        Vertx vertx = Vertx.vertx();
        try {
            spec.commandLine().getOut().println(start(vertx, options()).url());
            ParentWatch.start(stop::countDown);
            stop.await();
        } finally {
            vertx.close().await(WAIT_SECONDS_MAX, TimeUnit.SECONDS);
        }
        return 0;
    }

    private Simulator start(Vertx vertx, SimulatorOptions options) throws CommandFailure {
        try {
            return Simulator.start(vertx, options).await(WAIT_SECONDS_MAX, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new CommandFailure(
                    e instanceof BindException // NIO is what a plain Vertx runs on
                            ? "port " + port + " is in use: choose another with --port"
                            : "the simulator cannot start: " + e);
        }
    }

    private SimulatorOptions options() {
        try {
            SimulatorOptions options = SimulatorOptions.DEFAULT
                    .withHost(host)
                    .withPort(port)
                    .withApiKeys(apiKeys)
                    .withSpeed(speed)
                    .withEventLoops(eventLoops);
            if ((certificate == null) != (key == null)) {
                throw new IllegalArgumentException("--tls-certificate and --tls-key go together");
            }
            return certificate == null || key == null ? options : options.withTls(certificate, key);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }
}
