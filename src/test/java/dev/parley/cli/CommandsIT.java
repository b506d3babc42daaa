package dev.parley.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.File;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands as processes, on an embedded database in a folder of its own. */
class CommandsIT {
    private static final Pattern STARTED = Pattern.compile(".* started tenants=\"(\\d+)\" admin=\"(\\d+)\".*");

    @TempDir
    Path folder;

    @Test
    void commandsWorkBesideABrokerAndItDrainsAtSigterm() throws Exception {
        try (ParleyProcess broker = ParleyProcess.start(environment(), "serve")) {
            Matcher ports = started(broker);
            assertThat(get("http://127.0.0.1:" + ports.group(2) + "/health/ready")
                            .statusCode())
                    .isEqualTo(200);

            assertThat(run("migrate").stdout()).isEqualTo("the schema is up to date");
            assertThat(run("tenant", "create", "acme", "--budget", "2.50", "--period", "day")
                            .awaitExit())
                    .isZero();
            JsonArray tenants = new JsonArray(run("tenant", "list", "--json").stdout());
            assertThat(tenants.stream().map(each -> ((JsonObject) each).getString("id")))
                    .containsExactlyInAnyOrder("acme", "demo");
            String token = run("token", "--tenant", "acme", "--subject", "alice", "--ttl", "5m")
                    .stdout();
            assertThat(claims(token).getString("tenant")).isEqualTo("acme");
            assertThat(claims(token).getLong("exp") - claims(token).getLong("iat"))
                    .isEqualTo(300);

            ParleyProcess plainHttp =
                    run("tenant", "issuer", "add", "acme", "idp", "--jwks", "http://127.0.0.1:1/keys");
            assertThat(plainHttp.awaitExit()).isEqualTo(1);
            assertThat(plainHttp.stderr()).startsWith("parley: a JWKS URL is https");

            String tokenId = claims(token).getString("jti");
            ParleyProcess revoke = run("token", "revoke", "--tenant", "acme", "--id", tokenId);
            assertThat(revoke.stderr()).isEmpty();
            assertThat(revoke.stdout()).startsWith("revoked " + tokenId + " of acme");

            assertThat(run(
                                    "plan",
                                    "create",
                                    "pro",
                                    "--limit",
                                    "responses_per_minute=60",
                                    "--mcp",
                                    "true",
                                    "--content-capture",
                                    "true")
                            .stdout())
                    .contains("responses_per_minute")
                    .contains("mcp_allowed")
                    .containsPattern("content_capture +true");
            assertThat(run("tenant", "set", "acme", "--plan", "pro", "--limit", "sessions_max=unlimited")
                            .stdout())
                    .containsPattern("plan +pro")
                    .containsPattern("sessions_max +unlimited +\\(own\\)")
                    .containsPattern("responses_per_minute +60\n");
            assertThat(run(
                                    "budget",
                                    "set",
                                    "each",
                                    "--tenant",
                                    "acme",
                                    "--usd",
                                    "2",
                                    "--period",
                                    "day",
                                    "--each-subject")
                            .stdout())
                    .containsPattern("budget each +\\$2\\.00 each day for each subject, hard +\\(own\\)")
                    .containsPattern("budget main +\\$2\\.50 each day, hard");
            assertThat(run("plan", "delete", "pro").stderr()).contains("tenants are on plan 'pro'");
            assertThat(run("plan", "set", "pro", "--limit", "responses_per_hour=1")
                            .stderr())
                    .contains("there is no limit 'responses_per_hour'");

            JsonObject node = new JsonArray(run("node", "list", "--json").stdout()).getJsonObject(0);
            assertThat(node.getString("state")).isEqualTo("serving");
            assertThat(node.getInteger("sessions")).isZero();
            assertThat(run("node", "refresh", "acme").stdout()).contains("has the settings of 'acme'");
            assertThat(run("session", "list", "--json").stdout()).isEqualTo("[ ]");
            assertThat(run("session", "end", "psn_nobody").stderr()).contains("there is no live session 'psn_nobody'");
            assertThat(run("node", "drain", node.getString("name"), "--wait").stdout())
                    .endsWith("is drained");
            // A tenant, a token, its end, a plan, the tenant on it, a budget, and the drain; what failed is not there.
            assertThat(run("audit", "verify").stdout()).startsWith("all is well up to 7:");
            assertThat(get("http://127.0.0.1:" + ports.group(2) + "/health/ready")
                            .statusCode())
                    .isEqualTo(503);

            broker.terminate();

            assertThat(broker.awaitExit()).isZero();
            assertThat(broker.stdout()).contains("draining", "stopped");
        }
        assertThat(serverPid()).as("the last one out stops Postgres").isEmpty();
    }

    @Test
    void aKilledBrokersPostgresIsTakenOver() throws Exception {
        try (ParleyProcess killed = ParleyProcess.start(environment(), "serve")) {
            started(killed);
            killed.process().destroyForcibly().waitFor();
        }
        assertThat(serverPid()).as("nobody was left to stop it").isPresent();

        try (ParleyProcess next = ParleyProcess.start(environment(), "serve")) {
            Matcher ports = started(next);
            assertThat(get("http://127.0.0.1:" + ports.group(2) + "/health/ready")
                            .statusCode())
                    .isEqualTo(200);
            next.terminate();
            assertThat(next.awaitExit()).isZero();
        }
        assertThat(serverPid()).isEmpty();
    }

    @Test
    void aSecondBrokerOnTheSameFolderIsRefused() throws Exception {
        try (ParleyProcess first = ParleyProcess.start(environment(), "serve")) {
            started(first);
            try (ParleyProcess second = ParleyProcess.start(environment(), "serve")) {
                assertThat(second.awaitExit()).isEqualTo(1);
                assertThat(second.stderr())
                        .startsWith("parley: another broker")
                        .contains("PARLEY_DATA_DIR")
                        .hasLineCount(1);
            }
            first.terminate();
            assertThat(first.awaitExit()).isZero();
        }
    }

    @Test
    void theLauncherOfAnOldJavaHandsEverythingThrough() throws Exception {
        Optional<Path> old = oldJava();
        assumeThat(old).as("a Java older than 25 on this machine").isPresent();

        try (ParleyProcess launcher = launch(old.orElseThrow(), "serve")) {
            Matcher ports = started(launcher);
            assertThat(get("http://127.0.0.1:" + ports.group(2) + "/health/live")
                            .statusCode())
                    .isEqualTo(200);
            launcher.terminate();
            assertThat(launcher.awaitExit()).isZero();
        }
        try (ParleyProcess launcher = launch(old.orElseThrow(), "no-such")) {
            assertThat(launcher.awaitExit()).isEqualTo(2);
        }
    }

    @Test
    void aSignalToTheWholeGroupIsHeardAsOne() throws Exception {
        Optional<Path> old = oldJava();
        assumeThat(old).as("a Java older than 25 on this machine").isPresent();

        try (ParleyProcess launcher = launch(old.orElseThrow(), "serve")) {
            started(launcher);
            ProcessHandle broker = launcher.process().children().findFirst().orElseThrow();
            broker.destroy();
            launcher.terminate();
            assertThat(launcher.awaitExit()).isZero();
            assertThat(launcher.stdout()).contains("draining", "stopped");
        }
    }

    @Test
    void thePrintedClientCommandWorksInAnyFolder() throws Exception {
        try (ParleyProcess broker = ParleyProcess.start(environment(), "serve")) {
            started(broker);
            String command =
                    broker.awaitLine(line -> line.startsWith("  java -cp ")).strip();
            Process client = new ProcessBuilder("sh", "-c", command + " 'Is anybody there?'")
                    .directory(folder.toFile())
                    .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                    .redirectErrorStream(true)
                    .start();
            String said;
            try (var reader = client.inputReader(java.nio.charset.StandardCharsets.UTF_8)) {
                said = reader.lines().collect(Collectors.joining("\n"));
            }
            assertThat(said)
                    .contains("you> Is anybody there?", "parley> You said", "[completed, ")
                    .doesNotContain("closed by the server");
            assertThat(client.waitFor()).isZero();
            broker.terminate();
            assertThat(broker.awaitExit()).isZero();
        }
    }

    @Test
    void theBrokerEndsWithTheLauncherThatIsKilled() throws Exception {
        Optional<Path> old = oldJava();
        assumeThat(old).as("a Java older than 25 on this machine").isPresent();

        try (ParleyProcess launcher = launch(old.orElseThrow(), "serve")) {
            started(launcher);
            ProcessHandle broker = launcher.process().children().findFirst().orElseThrow();
            launcher.process().destroyForcibly();
            broker.onExit().get(30, java.util.concurrent.TimeUnit.SECONDS);
        }
        assertThat(serverPid()).isEmpty();
    }

    @Test
    void wrongUsageAndFailuresHaveTheirExitCodes() throws Exception {
        ParleyProcess usage = run("token", "--tenant", "No Slug", "--subject", "alice");
        assertThat(usage.awaitExit()).isEqualTo(2);
        assertThat(usage.stderr()).contains("'--tenant'", "'No Slug' is not a name");

        ParleyProcess settings = ParleyProcess.start(
                Map.of("PARLEY_HTTP_PORT", "http", "PARLEY_NO_SUCH", "1", "PARLEY_DATABASE_PASSWORD", "a\nb"), "serve");
        assertThat(settings.awaitExit()).isEqualTo(1);
        assertThat(settings.stderr())
                .contains("PARLEY_HTTP_PORT = http", "PARLEY_NO_SUCH", "PARLEY_DATABASE_PASSWORD = ****")
                .doesNotContain("a\nb");

        ParleyProcess elsewhere = run("tenant", "list");
        assertThat(elsewhere.awaitExit()).isEqualTo(1);
        assertThat(elsewhere.stderr()).startsWith("parley: there is no database in " + folder.resolve("data"));
        assertThat(folder.resolve("data")).doesNotExist();

        ParleyProcess nowhere = ParleyProcess.start(
                Map.of("PARLEY_DATABASE_URL", "postgresql://parley:hush@127.0.0.1:1/parley"), "migrate");
        assertThat(nowhere.awaitExit()).isEqualTo(1);
        assertThat(nowhere.stderr())
                .startsWith("parley: no connection to jdbc:postgresql://127.0.0.1:1/parley: ")
                .doesNotContain("hush")
                .hasLineCount(1);

        ParleyProcess halfTls = run("simulator", "--tls-certificate", "cert.pem");
        assertThat(halfTls.awaitExit()).isEqualTo(2);
        assertThat(halfTls.stderr()).contains("--tls-certificate and --tls-key go together");

        assertThat(run("migrate").awaitExit()).isZero();
        ParleyProcess unknown = run("token", "--tenant", "nobody", "--subject", "alice");
        assertThat(unknown.awaitExit()).isEqualTo(1);
        assertThat(unknown.stderr()).contains("parley: there is no tenant 'nobody'");
        assertThat(unknown.stdout()).isEmpty();
    }

    private ParleyProcess launch(Path java, String command) throws Exception {
        List<String> launcher = List.of(
                java.toString(),
                "-Xmx512m",
                "-classpath",
                System.getProperty("java.class.path"),
                "dev.parley.launcher.Launcher");
        return ParleyProcess.start(environment(), launcher, command);
    }

    private ParleyProcess run(String... args) throws Exception {
        ParleyProcess process = ParleyProcess.start(environment(), args);
        process.awaitExit();
        return process;
    }

    private Map<String, String> environment() {
        Map<String, String> environment = new HashMap<>();
        environment.put("PARLEY_DATA_DIR", folder.resolve("data").toString());
        environment.put("PARLEY_HTTP_PORT", "0");
        environment.put("PARLEY_ADMIN_PORT", "0");
        return environment;
    }

    private static Matcher started(ParleyProcess broker) throws Exception {
        String line = broker.awaitLine(text -> STARTED.matcher(text).matches());
        Matcher ports = STARTED.matcher(line);
        assertThat(ports.matches()).isTrue();
        return ports;
    }

    /** The embedded server's process, if it runs. */
    private Optional<ProcessHandle> serverPid() throws Exception {
        Path file = folder.resolve("data/postgres/cluster/postmaster.pid");
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        long pid = Long.parseLong(Files.readAllLines(file).getFirst().strip());
        return ProcessHandle.of(pid).filter(ProcessHandle::isAlive);
    }

    private static JsonObject claims(String token) {
        return new JsonObject(new String(
                Base64.getUrlDecoder().decode(token.split("\\.")[1]), java.nio.charset.StandardCharsets.UTF_8));
    }

    private static HttpResponse<String> get(String url) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString());
        }
    }

    /** Any Java from 11 to 24 of this machine. */
    private static Optional<Path> oldJava() throws Exception {
        Path folder = Path.of("/usr/lib/jvm");
        if (!Files.isDirectory(folder)) {
            return Optional.empty();
        }
        try (Stream<Path> homes = Files.list(folder)) {
            return homes.filter(home -> isOld(home.resolve("release")))
                    .map(home -> home.resolve("bin").resolve("java"))
                    .filter(Files::isExecutable)
                    .findFirst();
        }
    }

    private static boolean isOld(Path release) {
        try {
            return Files.isRegularFile(release)
                    && Files.readString(release).matches("(?s).*JAVA_VERSION=\"(1[1-9]|2[0-4])[.\"].*");
        } catch (java.io.IOException e) {
            return false;
        }
    }
}
