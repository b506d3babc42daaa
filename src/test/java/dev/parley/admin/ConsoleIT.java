package dev.parley.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.clients.NodePackage;
import dev.parley.server.BrokerTester;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The console in a real browser, through a whole broker; {@code src/test/browser/scenario.mjs} is what it does. */
class ConsoleIT {
    private static final Path FOLDER = Path.of("src/test/browser");
    private static final Path SHOTS = Path.of("target/console-shots");
    private static final long SCRIPT_BYTES_MAX = 150_000;

    @Test
    void saysWhatItWaitsForAndWhatIsMissingAndNeedsNoPointer() throws Exception {
        NodePackage.install(FOLDER);
        Files.createDirectories(SHOTS);
        try (BrokerTester tester = BrokerTester.start()) {
            String output = NodePackage.run(
                    FOLDER,
                    List.of("node", "states.mjs"),
                    Map.of(
                            "PARLEY_ADMIN", tester.adminUrl().toString(),
                            "PARLEY_LINK", tester.broker().firstLink().orElseThrow(),
                            "PARLEY_SHOTS", SHOTS.toAbsolutePath().toString()),
                    TimeUnit.MINUTES.toSeconds(3));
            JsonObject seen =
                    new JsonObject(output.lines().reduce((_, last) -> last).orElseThrow());
            System.out.println("console: states looked at: " + seen.getJsonArray("states"));

            assertThat(seen.getJsonArray("violations"))
                    .as("violations that axe found")
                    .isEmpty();
        }
    }

    @Test
    void isUsedFromSignInToAudit() throws Exception {
        NodePackage.install(Path.of("src/test/node"));
        NodePackage.install(FOLDER);
        try (BrokerTester tester = BrokerTester.start()) {
            String output = NodePackage.run(
                    FOLDER,
                    List.of("node", "scenario.mjs"),
                    Map.of(
                            "PARLEY_ADMIN", tester.adminUrl().toString(),
                            "PARLEY_LINK", tester.broker().firstLink().orElseThrow(),
                            "PARLEY_WS", tester.url().toString(),
                            "PARLEY_SHOTS", SHOTS.toAbsolutePath().toString()),
                    TimeUnit.MINUTES.toSeconds(5));
            JsonObject seen =
                    new JsonObject(output.lines().reduce((_, last) -> last).orElseThrow());
            System.out.println("console: " + seen.getInteger("scriptBytes") + " bytes of script, "
                    + seen.getJsonArray("pages").size() + " pages looked at, session ended within "
                    + seen.getInteger("endedWithinMillis") + " ms");

            assertThat(seen.getJsonArray("complaints"))
                    .as("complaints of the page")
                    .isEmpty();
            assertThat(seen.getJsonArray("violations"))
                    .as("violations that axe found")
                    .isEmpty();
            assertThat(seen.getLong("scriptBytes")).isBetween(1L, SCRIPT_BYTES_MAX);
            assertThat(tester.database()
                            .query("select count(*) from audit_entry where action in ('session.end', 'token.mint')"))
                    .isEqualTo("2");
        }
    }
}
