package dev.parley.bench;

import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A {@link PeerMain} in a process of its own. Blocks. */
final class Peer implements AutoCloseable {
    private static final Duration ANSWER_MAX = Duration.ofSeconds(60);

    private final Process process;
    private final BufferedReader answers;
    private final Writer orders;
    private final ExecutorService reader =
            Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().factory());

    private Peer(Process process) {
        this.process = process;
        this.answers = process.inputReader(StandardCharsets.UTF_8);
        this.orders = process.outputWriter(StandardCharsets.UTF_8);
    }

    static Peer start(Core core, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("-XX:+UseSerialGC", "-Xms256m", "-Xmx512m"));
        command.addAll(Jvm.classPath());
        command.add(PeerMain.class.getName());
        command.addAll(List.of(arguments));
        return new Peer(new ProcessBuilder(core.pinned(Jvm.command(command)))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
    }

    JsonObject ask(JsonObject order) throws BenchException {
        try {
            orders.write(order.encode() + "\n");
            orders.flush();
            String line = reader.submit(answers::readLine).get(ANSWER_MAX.toSeconds(), TimeUnit.SECONDS);
            JsonObject answer = line == null ? new JsonObject().put("error", "it ended") : new JsonObject(line);
            if (answer.containsKey("error")) {
                throw new BenchException("the load failed: " + answer.getString("error"));
            }
            return answer;
        } catch (IOException | ExecutionException e) {
            throw new BenchException("the load failed: " + e.getMessage());
        } catch (TimeoutException _) {
            throw new BenchException("the load did not answer within " + ANSWER_MAX.toSeconds() + " s");
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new BenchException("interrupted");
        }
    }

    @Override
    public void close() {
        process.destroy();
        reader.shutdownNow();
    }

    long pid() {
        return process.pid();
    }
}
