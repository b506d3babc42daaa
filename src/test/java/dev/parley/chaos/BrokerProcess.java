package dev.parley.chaos;

import dev.parley.concurrent.Eventually;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** Brokers as processes of their own, on this JVM's class path: started, asked, killed and stopped, one after the other. */
public final class BrokerProcess implements AutoCloseable {
    private static final Duration START_MAX = Duration.ofSeconds(60);
    private static final Duration ANSWER_MAX = Duration.ofSeconds(2);

    private final HttpClient http = HttpClient.newHttpClient();
    private final int tenantPort;
    private final int adminPort;
    private final Map<String, String> environment;
    private final Path folder;
    private Process process;

    /** @param settings {@code PARLEY_…} variables, which win over this process's own */
    public BrokerProcess(Path folder, Map<String, String> settings) throws IOException {
        this.folder = folder;
        this.tenantPort = freePort(0);
        this.adminPort = freePort(tenantPort);
        this.environment = new TreeMap<>();
        environment.put("PARLEY_HTTP_HOST", "127.0.0.1");
        environment.put("PARLEY_HTTP_PORT", Integer.toString(tenantPort));
        environment.put("PARLEY_ADMIN_PORT", Integer.toString(adminPort));
        environment.put("PARLEY_DATA_DIR", folder.resolve("data").toString());
        environment.put("PARLEY_NODE_DEMO", "false");
        environment.put("PARLEY_NODE_NAME", "chaos");
        environment.putAll(settings);
        this.process = launch("serve");
        awaitReady();
    }

    /** {@code ws://…/v1/realtime?model=…}. */
    URI url(String model) {
        return URI.create("ws://127.0.0.1:" + tenantPort + "/v1/realtime?model=" + model);
    }

    public int tenantPort() {
        return tenantPort;
    }

    double metric(String name) {
        return Metrics.read(adminPort, name);
    }

    /** As {@code kill -9} does; returns when the process is gone. */
    public void kill() {
        process.destroyForcibly();
        Eventually.holds("the killed broker is gone", () -> !process.isAlive());
    }

    void startAgain() throws IOException {
        process = launch("serve");
        awaitReady();
    }

    /** SIGTERM. The exit code. */
    int stop(Duration atMost) throws InterruptedException {
        process.destroy();
        if (!process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new AssertionError("the broker did not stop within " + atMost + ":\n" + log());
        }
        return process.exitValue();
    }

    /** What a command prints, run beside this broker. */
    String command(String... arguments) throws IOException, InterruptedException {
        Path output = Files.createTempFile(folder, "command", ".out");
        Process command = builder(arguments).redirectOutput(output.toFile()).start();
        if (!command.waitFor(START_MAX.toMillis(), TimeUnit.MILLISECONDS) || command.exitValue() != 0) {
            throw new AssertionError(String.join(" ", arguments) + " failed:\n" + Files.readString(output));
        }
        return Files.readString(output).strip();
    }

    String log() {
        try {
            return Files.readString(folder.resolve("broker.log"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    private Process launch(String command) throws IOException {
        return builder(command)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        folder.resolve("broker.log").toFile()))
                .start();
    }

    private ProcessBuilder builder(String... arguments) {
        List<String> command = new ArrayList<>(QuickJava.command("dev.parley.cli.Main", "256m"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("PARLEY_") || name.startsWith("OPENAI_"));
        builder.environment().putAll(environment);
        return builder;
    }

    private void awaitReady() {
        Eventually.holds("the broker is ready", START_MAX, () -> {
            if (!process.isAlive()) {
                throw new AssertionError("the broker ended with " + process.exitValue() + ":\n" + log());
            }
            return ready();
        });
    }

    private boolean ready() {
        try {
            HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + adminPort + "/health/ready"))
                    .timeout(ANSWER_MAX)
                    .build();
            return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Below the ports that outgoing connections take: one of those could hold it while the broker is away. */
    private static int freePort(int other) {
        int port;
        do {
            port = ThreadLocalRandom.current().nextInt(20_000, 32_000);
        } while (port == other || !isFree(port));
        return port;
    }

    private static boolean isFree(int port) {
        try (ServerSocket _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return true;
        } catch (IOException taken) {
            return false;
        }
    }
}
