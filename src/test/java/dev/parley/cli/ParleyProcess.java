package dev.parley.cli;

import dev.parley.chaos.QuickJava;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** A {@code parley} command in a process of its own, as an operator runs it; ended with the test. */
final class ParleyProcess implements AutoCloseable {
    private static final Duration DEADLINE = Duration.ofSeconds(60);
    private static final String END = "\0";

    private final Process process;
    private final BlockingQueue<String> out = new LinkedBlockingQueue<>();
    private final List<String> seen = new ArrayList<>();
    private final Path err;

    private ParleyProcess(Process process, Path err) {
        this.process = process;
        this.err = err;
        Thread.ofVirtual().start(this::read);
    }

    /**
     * Starts a command on this Java.
     *
     * @param environment on top of an environment without any {@code PARLEY_…}
     */
    static ParleyProcess start(Map<String, String> environment, String... args) throws IOException {
        return start(environment, QuickJava.command(Main.class.getName(), "512m"), args);
    }

    /** @param java what runs a class, to which the arguments go */
    static ParleyProcess start(Map<String, String> environment, List<String> java, String... args) throws IOException {
        List<String> command = new ArrayList<>(java);
        command.addAll(List.of(args));
        Path err = Files.createTempFile("parley-process", ".err");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(err.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("PARLEY_") || name.equals("OPENAI_API_KEY"));
        builder.environment().putAll(environment);
        return new ParleyProcess(builder.start(), err);
    }

    Process process() {
        return process;
    }

    /** Sends SIGTERM. ({@link Process#destroy} would also close the pipes, and with them what the process says last.) */
    void terminate() {
        process.toHandle().destroy();
    }

    /** The first line of stdout, from now on, that fits. */
    String awaitLine(Predicate<String> fits) throws Exception {
        long deadline = System.nanoTime() + DEADLINE.toNanos();
        while (true) {
            String line = out.poll(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            if (line == null) {
                throw new AssertionError("no such line; stdout " + seen + ", stderr " + stderr());
            }
            seen.add(line);
            if (fits.test(line)) {
                return line;
            }
        }
    }

    /** Waits for the end. */
    int awaitExit() throws Exception {
        if (!process.waitFor(DEADLINE)) {
            throw new AssertionError("still running; stdout " + seen + ", stderr " + stderr());
        }
        return process.exitValue();
    }

    /** All of stdout, after the end. */
    String stdout() throws Exception {
        awaitExit();
        String line = out.poll(DEADLINE.toSeconds(), TimeUnit.SECONDS);
        while (line != null && !line.equals(END)) {
            seen.add(line);
            line = out.poll(DEADLINE.toSeconds(), TimeUnit.SECONDS);
        }
        return String.join("\n", seen);
    }

    String stderr() throws IOException {
        return Files.readString(err);
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly().onExit().join();
        Files.deleteIfExists(err);
    }

    private void read() {
        try (var reader = process.inputReader(StandardCharsets.UTF_8)) {
            reader.lines().forEach(out::add);
        } catch (IOException | UncheckedIOException e) {
            out.add("cannot read stdout: " + e.getMessage());
        }
        out.add(END);
    }
}
