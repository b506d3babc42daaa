package dev.parley.clients;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Runs what {@code src/test/node} has. */
public final class NodeScenario {
    static final Path FOLDER = Path.of("src/test/node");
    private static final long RUN_SECONDS_MAX = 90;

    private NodeScenario() {}

    /** Installs the pinned client, unless the very lock file is installed already. */
    public static void install() throws Exception {
        NodePackage.install(FOLDER);
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
