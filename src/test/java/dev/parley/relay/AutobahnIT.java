package dev.parley.relay;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.config.ListenerConfig;
import dev.parley.gateway.TenantListener;
import dev.parley.rest.Api;
import dev.parley.rest.Uploads;
import dev.parley.tenancy.CurrentOrigins;
import io.vertx.core.Vertx;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * RFC 6455 conformance: the Autobahn fuzzing client against the tenant listener and its legs, with an echoing other side.
 * Run by {@code mvn -Pautobahn verify}, which fetches the suite and names it in the properties read here.
 */
@Tag("autobahn")
class AutobahnIT {
    /** These forbid close codes 1012 to 1014, which were registered since. */
    private static final Set<String> STALE = Set.of("7.9.6", "7.9.7", "7.9.8");

    private static final Path REPORTS = Path.of("target", "autobahn-reports");

    @Test
    void speaksWebSocketAsAutobahnWantsIt() throws Exception {
        Vertx vertx = Vertx.builder()
                .withTransport(RelayTransport.pick(RelayTransport.Choice.AUTO))
                .build();
        try {
            Legs legs = new BytesLegs();
            int upstream = Rig.await(EchoUpstream.listen(vertx));
            TenantListener listener = new TenantListener(
                    vertx,
                    new ListenerConfig("127.0.0.1", 0, null, null),
                    roomy(),
                    legs,
                    new EchoSessions(vertx, legs, roomy(), upstream),
                    Api.NONE,
                    Uploads.NONE,
                    new CurrentOrigins(Map::of),
                    1);
            int port = Rig.await(listener.start(null));
            fuzz("ws://127.0.0.1:" + port + "/v1/realtime?model=echo");
        } finally {
            Rig.await(vertx.close());
        }
        judge();
    }

    /** The suite sends 65,536 fragments a message, and a thousand messages at once: our caps are policy, not conformance. */
    private static RelayLimits roomy() {
        RelayLimits client = RelayLimits.client();
        return new RelayLimits(
                client.frameBytesMax(),
                client.messageBytesMax(),
                1 << 20,
                Integer.MAX_VALUE,
                32 << 20,
                Duration.ofSeconds(30),
                client.heldBytesMax(),
                client.pingInterval(),
                client.silenceMax(),
                Duration.ofMinutes(2),
                client.closeTimeout());
    }

    private static void fuzz(String url) throws Exception {
        Files.createDirectories(REPORTS);
        String spec =
                "{'failByDrop': False, 'outdir': '" + REPORTS + "', 'servers': [{'agent': 'parley', 'url': '" + url
                        + "', 'options': {'version': 18}}], 'cases': ['" + System.getProperty("autobahn.cases", "*")
                        + "'], 'exclude-cases': [], 'exclude-agent-cases': {}}";
        String script = "import sys\nfrom autobahntestsuite import wstest\n"
                + "wstest.start({'mode': 'fuzzingclient'}, " + spec + ")\n";
        Path file = Files.writeString(Path.of("target", "fuzzing-client.py"), script);
        Process client = new ProcessBuilder(
                        System.getProperty("autobahn.java", "java"),
                        "-cp",
                        System.getProperty("autobahn.suite") + File.separator + "*",
                        "org.python.util.jython",
                        file.toString())
                .redirectErrorStream(true)
                .redirectOutput(Path.of("target", "fuzzing-client.log").toFile())
                .start();
        try {
            assertThat(client.waitFor(30, TimeUnit.MINUTES))
                    .as("suite ended in time")
                    .isTrue();
        } finally {
            client.destroyForcibly();
        }
    }

    /** Prints how often each behaviour was seen; NON-STRICT and INFORMATIONAL are within the RFC and do not fail. */
    private static void judge() throws Exception {
        JsonNode cases = new ObjectMapper()
                .readTree(REPORTS.resolve("index.json").toFile())
                .path("parley");
        Map<String, Integer> behaviours = new TreeMap<>();
        Map<String, Integer> closings = new TreeMap<>();
        Set<String> failed = new TreeSet<>();
        Set<String> notStrict = new TreeSet<>();
        cases.properties().forEach(entry -> {
            String behaviour = entry.getValue().path("behavior").asText();
            String closing = entry.getValue().path("behaviorClose").asText();
            behaviours.merge(behaviour, 1, Integer::sum);
            closings.merge(closing, 1, Integer::sum);
            if (isFailure(behaviour) || isFailure(closing)) {
                failed.add(entry.getKey());
            } else if (!behaviour.equals("OK")) {
                notStrict.add(entry.getKey() + " " + behaviour);
            }
        });
        System.out.println("autobahn: " + cases.size() + " cases, behaviour " + behaviours + ", closing " + closings
                + ", failed " + failed + ", within the RFC but not OK " + notStrict);
        assertThat(cases.size()).as("cases run").isPositive();
        failed.removeAll(STALE);
        assertThat(failed).as("failed cases").isEmpty();
    }

    private static boolean isFailure(String behaviour) {
        return !Set.of("OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED").contains(behaviour);
    }
}
