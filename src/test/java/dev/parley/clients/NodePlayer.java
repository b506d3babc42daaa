package dev.parley.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A Node process with one class of one version of the {@code openai} package: plays scenarios, one at a time. */
final class NodePlayer implements AutoCloseable {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Path RECORDING = Path.of("src/main/resources/simulator/speech.wav");
    private static final long PLAY_SECONDS_MAX = 60;

    private final Path errors;
    private final Process process;
    private final BufferedReader answers;
    private final BufferedWriter orders;

    /**
     * @param dialect {@code ga} for openai 7.x, {@code beta} for openai 4.104
     * @param clientClass {@code OpenAIRealtimeWS} or {@code OpenAIRealtimeWebSocket}
     */
    NodePlayer(String dialect, String clientClass, int port) throws IOException {
        errors = Files.createTempFile("player", ".err");
        ProcessBuilder builder = new ProcessBuilder(List.of("node", "play.mjs", dialect, clientClass))
                .directory(NodeScenario.FOLDER.toFile())
                .redirectError(errors.toFile());
        builder.environment().put("PARLEY_URL", "http://127.0.0.1:" + port + "/v1");
        builder.environment().put("PARLEY_WAV", RECORDING.toAbsolutePath().toString());
        process = builder.start();
        answers = process.inputReader();
        orders = process.outputWriter();
    }

    /** What the client saw; fails when the client does. */
    JsonNode play(String scenario, String model, String token) throws Exception {
        return order(MAPPER.createObjectNode()
                .put("scenario", scenario)
                .put("model", model)
                .put("token", token));
    }

    /** The same with all that was said and heard, as {@code log}. */
    JsonNode record(String scenario, String model, String token) throws Exception {
        return order(MAPPER.createObjectNode()
                .put("scenario", scenario)
                .put("model", model)
                .put("token", token)
                .put("log", true));
    }

    private JsonNode order(ObjectNode order) throws Exception {
        orders.write(order + "\n");
        orders.flush();
        CompletableFuture<String> line = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                line.complete(Objects.requireNonNullElse(answers.readLine(), ""));
            } catch (IOException lost) {
                line.completeExceptionally(lost);
            }
        });
        String answer = line.get(PLAY_SECONDS_MAX, TimeUnit.SECONDS);
        assertThat(answer)
                .as("%s: %s", order.path("scenario"), Files.readString(errors))
                .isNotEmpty();
        JsonNode seen = MAPPER.readTree(answer);
        assertThat(seen.path("failure").asText())
                .as("%s", order.path("scenario"))
                .isEmpty();
        return seen;
    }

    @Override
    public void close() {
        process.destroy();
        try {
            Files.delete(errors);
        } catch (IOException leftBehind) {
            throw new AssertionError(leftBehind);
        }
    }
}
