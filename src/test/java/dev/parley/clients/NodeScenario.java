package dev.parley.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs one scenario of {@code src/test/node} in its own Node process and returns what the client saw. */
public final class NodeScenario {
    private static final Path FOLDER = Path.of("src/test/node");
    private static final Path RECORDING = Path.of("src/main/resources/simulator/speech.wav");
    private static final long INSTALL_MINUTES_MAX = 5;
    private static final long RUN_SECONDS_MAX = 90;

    private NodeScenario() {}

    /** Installs the pinned client, unless the very lock file is installed already. */
    public static void install() throws Exception {
        Path installed = FOLDER.resolve("node_modules/.package-lock.json");
        Path lock = FOLDER.resolve("package-lock.json");
        boolean current = Files.exists(installed)
                && Files.getLastModifiedTime(installed).compareTo(Files.getLastModifiedTime(lock)) >= 0;
        if (!current) {
            run(List.of("npm", "ci"), Map.of(), TimeUnit.MINUTES.toSeconds(INSTALL_MINUTES_MAX));
        }
    }

    /**
     * Plays a scenario to its end; fails when the client does.
     *
     * @param clientClass {@code OpenAIRealtimeWS} or {@code OpenAIRealtimeWebSocket}
     */
    static JsonNode play(String scenario, String clientClass, String model, int port, String token) throws Exception {
        Map<String, String> environment = Map.of(
                "PARLEY_URL",
                "http://127.0.0.1:" + port + "/v1",
                "PARLEY_TOKEN",
                token,
                "PARLEY_MODEL",
                model,
                "PARLEY_WAV",
                RECORDING.toAbsolutePath().toString());
        String output = run(List.of("node", "scenario.mjs", scenario, clientClass), environment, RUN_SECONDS_MAX);
        return new ObjectMapper().readTree(output);
    }

    /** Talks with the client that the broker ships while its connection is cut so many times in mid-response. */
    public static JsonNode resume(int cuts, int port, String token) throws Exception {
        Map<String, String> environment =
                Map.of("PARLEY_URL", "http://127.0.0.1:" + port, "PARLEY_TOKEN", token, "PARLEY_MODEL", "gpt-realtime");
        String output = run(List.of("node", "resume.mjs", Integer.toString(cuts)), environment, RUN_SECONDS_MAX);
        return new ObjectMapper().readTree(output);
    }

    private static String run(List<String> command, Map<String, String> environment, long secondsMax)
            throws IOException, InterruptedException {
        Path output = Files.createTempFile("scenario", ".out");
        Path errors = Files.createTempFile("scenario", ".err");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(FOLDER.toFile())
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
}
