package dev.parley.clients;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A folder with an npm package: installs what it pins, and runs programs in it. */
public final class NodePackage {
    private static final long INSTALL_MINUTES_MAX = 5;

    private NodePackage() {}

    /** Unless the very lock file is installed already. Tests of another process that want it too wait. */
    public static void install(Path folder) throws Exception {
        Path turn = Path.of("target", folder.getFileName() + ".installing");
        try (FileChannel channel = FileChannel.open(turn, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock _ = channel.lock()) {
            Path installed = folder.resolve("node_modules/.package-lock.json");
            Path lock = folder.resolve("package-lock.json");
            boolean current = Files.exists(installed)
                    && Files.getLastModifiedTime(installed).compareTo(Files.getLastModifiedTime(lock)) >= 0;
            if (!current) {
                run(folder, List.of("npm", "ci"), Map.of(), TimeUnit.MINUTES.toSeconds(INSTALL_MINUTES_MAX));
            }
        }
    }

    /** What it writes to its standard output; fails when it does. */
    public static String run(Path folder, List<String> command, Map<String, String> environment, long secondsMax)
            throws IOException, InterruptedException {
        Path output = Files.createTempFile("scenario", ".out");
        Path errors = Files.createTempFile("scenario", ".err");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectOutput(output.toFile())
                .redirectError(errors.toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        try {
            boolean ended = process.waitFor(secondsMax, TimeUnit.SECONDS);
            assertThat(ended && process.exitValue() == 0)
                    .as("%s: ended %s%n%s%n%s", command, ended, Files.readString(errors), Files.readString(output))
                    .isTrue();
            return Files.readString(output);
        } finally {
            process.destroyForcibly();
            Files.delete(output);
            Files.delete(errors);
        }
    }

    /** Starts a server of the folder and waits until it has written a line. */
    public static Process serve(Path folder, List<String> command, Map<String, String> environment) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().putAll(environment);
        Process process = builder.start();
        String line = process.inputReader().readLine();
        assertThat(line).as("%s: the first line", command).isNotNull();
        return process;
    }
}
