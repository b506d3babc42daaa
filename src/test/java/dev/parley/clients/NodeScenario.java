package dev.parley.clients;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Runs one scenario of {@code src/test/node} in its own Node process and returns what the client saw. */
public final class NodeScenario {
    private static final Path FOLDER = Path.of("src/test/node");
    private static final Path RECORDING = Path.of("src/main/resources/simulator/speech.wav");
    private static final long RUN_SECONDS_MAX = 90;

    private NodeScenario() {}

    /** Installs the pinned client, unless the very lock file is installed already. */
    public static void install() throws Exception {
        NodePackage.install(FOLDER);
    }

    /**
     * Plays a scenario to its end; fails when the client does.
     *
     * @param clientClass {@code OpenAIRealtimeWS} or {@code OpenAIRealtimeWebSocket}
     */
    static JsonNode play(String scenario, String clientClass, String model, int port, String token) throws Exception {
        return play("scenario.mjs", scenario, clientClass, model, port, token);
    }

    /** The same with the last client that speaks nothing but the beta. */
    static JsonNode playBeta(String scenario, String clientClass, String model, int port, String token)
            throws Exception {
        return play("beta.mjs", scenario, clientClass, model, port, token);
    }

    private static JsonNode play(
            String script, String scenario, String clientClass, String model, int port, String token) throws Exception {
        Map<String, String> environment = Map.of(
                "PARLEY_URL",
                "http://127.0.0.1:" + port + "/v1",
                "PARLEY_TOKEN",
                token,
                "PARLEY_MODEL",
                model,
                "PARLEY_WAV",
                RECORDING.toAbsolutePath().toString());
        String output =
                NodePackage.run(FOLDER, List.of("node", script, scenario, clientClass), environment, RUN_SECONDS_MAX);
        return new ObjectMapper().readTree(output);
    }

    /** Talks with the client that the broker ships while its connection is cut so many times in mid-response. */
    public static JsonNode resume(int cuts, int port, String token) throws Exception {
        Map<String, String> environment =
                Map.of("PARLEY_URL", "http://127.0.0.1:" + port, "PARLEY_TOKEN", token, "PARLEY_MODEL", "gpt-realtime");
        String output = NodePackage.run(
                FOLDER, List.of("node", "resume.mjs", Integer.toString(cuts)), environment, RUN_SECONDS_MAX);
        return new ObjectMapper().readTree(output);
    }
}
