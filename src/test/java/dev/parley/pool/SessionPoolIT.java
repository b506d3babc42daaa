package dev.parley.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.concurrent.Eventually;
import dev.parley.config.AccountConfig;
import dev.parley.config.Secret;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal.Kind;
import dev.parley.server.TestCertificate;
import dev.parley.simulator.Script;
import dev.parley.simulator.Simulator;
import dev.parley.simulator.SimulatorOptions;
import dev.parley.upstream.UpstreamConnector.Outcome;
import dev.parley.upstream.UpstreamConnector.Target;
import dev.parley.upstream.UpstreamConnector.UpstreamSession;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetServer;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Upstream sessions over real sockets, in plain text and over TLS. */
class SessionPoolIT {
    private static final Target TRANSCRIPTION = new Target(null);

    private final PoolRig rig = new PoolRig();

    @TempDir
    Path folder;

    @AfterEach
    void stop() {
        rig.close();
    }

    @Test
    void handsOutAnUntouchedSessionWithItsCreatedEvent() {
        Simulator simulator = rig.simulator();
        rig.open(PoolSettings.onDemand(), account(simulator.url(), null, 10));

        UpstreamSession session = rig.connected(PoolRig.CONVERSATION);
        assertThat(session.id()).startsWith("sess_");
        assertThat(session.created().toString()).contains("\"type\":\"session.created\"", "\"model\":\"gpt-realtime\"");
        assertThat(rig.connected(TRANSCRIPTION).created().toString()).contains("realtime.transcription_session");
        assertThat(rig.pool().openSessions()).isEqualTo(2);
    }

    @Test
    void toleratesConversationCreatedFirst() {
        Simulator simulator = rig.simulator();
        simulator.scripts().always(Script.parse("{\"createdFirst\":false}"));
        rig.open(PoolSettings.onDemand(), account(simulator.url(), null, 10));

        assertThat(rig.connected(PoolRig.CONVERSATION).created().toString()).contains("session.created");
    }

    @Test
    void holdsItsCapAndFreesItWithTheLeg() {
        Simulator simulator = rig.simulator();
        PoolSettings impatient = new PoolSettings();
        impatient.warmMax = 0;
        impatient.acquireTimeout = Duration.ofMillis(300);
        rig.open(impatient.config(), account(simulator.url(), null, 1));
        rig.connected(PoolRig.CONVERSATION);
        Outcome.Unavailable second = rig.unavailable(PoolRig.CONVERSATION);
        assertThat(second.refusal().kind()).isEqualTo(Kind.OVERLOADED);
        assertThat(second.refusal().code()).isEqualTo("upstream_sessions_exhausted");

        simulator.dropSessions();
        Eventually.holds("the place is free", () -> rig.pool().openSessions() == 0);
        rig.connected(PoolRig.CONVERSATION);
    }

    @Test
    void saysWhyThereIsNone() {
        Simulator simulator = rig.simulator();
        rig.open(PoolSettings.onDemand(), account(simulator.url(), null, 10));
        Outcome.Unavailable model = rig.unavailable(new Target(new ModelName("gpt-nonsense")));
        assertThat(model.upstreamCode()).isEqualTo("invalid_model");
        assertThat(model.refusal().kind()).isEqualTo(Kind.BAD_REQUEST);
        simulator.scripts().next(1, Script.parse("{\"handshake\":{\"status\":429,\"retryAfter\":7}}"));
        Outcome.Unavailable busy = rig.unavailable(PoolRig.CONVERSATION);
        assertThat(busy.upstreamCode()).isEqualTo("http_429");
        assertThat(busy.refusal().retryAfter()).isBetween(Duration.ofSeconds(5), Duration.ofSeconds(7));
        Eventually.holds("failed ones hold no place", () -> rig.pool().openSessions() == 0);
    }

    @Test
    void givesUpOnAProviderThatIsNotThere() {
        Simulator simulator = rig.simulator();
        rig.open(PoolSettings.onDemand(), account(simulator.url(), null, 10));
        Eventually.result(simulator.close());

        assertThat(rig.unavailable(PoolRig.CONVERSATION).refusal().kind()).isEqualTo(Kind.UPSTREAM_UNAVAILABLE);
        Eventually.holds("failed ones hold no place", () -> rig.pool().openSessions() == 0);
    }

    /** All that it says is in one segment, and then the connection is gone. */
    @Test
    void aProviderThatHangsUpRightAfterItsUpgradeTakesNoPlace() {
        for (byte[] last : List.of(
                new byte[0],
                new byte[] {(byte) 0x88, 2, 3, (byte) 0xf3},
                new byte[] {(byte) 0x81, 100, '{'},
                new byte[] {(byte) 0xf1, 0})) {
            NetServer server = Eventually.result(rig.provider()
                    .createNetServer()
                    .connectHandler(socket -> socket.handler(
                            request -> socket.write(upgraded(request.toString()).appendBytes(last))
                                    .onComplete(_ -> socket.close())))
                    .listen(0, "127.0.0.1"));
            rig.open(
                    PoolSettings.onDemand(),
                    account(URI.create("ws://127.0.0.1:" + server.actualPort() + "/v1"), null, 10));

            assertThat(rig.unavailable(PoolRig.CONVERSATION).refusal().kind()).isEqualTo(Kind.UPSTREAM_UNAVAILABLE);
            Eventually.holds("failed ones hold no place", () -> rig.pool().openSessions() == 0);
            Eventually.result(server.close());
        }
    }

    private static Buffer upgraded(String request) {
        String key = request.lines()
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("sec-websocket-key:"))
                .map(line -> line.substring(line.indexOf(':') + 1).trim())
                .findFirst()
                .orElseThrow();
        try {
            byte[] digest = MessageDigest.getInstance("SHA-1")
                    .digest((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII));
            return Buffer.buffer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Accept: " + Base64.getEncoder().encodeToString(digest) + "\r\n\r\n");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void waitsForASessionThatIsNeverCreatedNoLongerThanSettingsSay() {
        Simulator simulator = rig.simulator();
        simulator.scripts().always(Script.parse("{\"neverCreated\":true}"));
        PoolSettings impatient = new PoolSettings();
        impatient.acquireTimeout = Duration.ofMillis(300);
        rig.open(impatient.config(), account(simulator.url(), null, 10));

        Outcome.Unavailable late = rig.unavailable(PoolRig.CONVERSATION);
        assertThat(late.upstreamCode()).isEqualTo("acquire_timeout");
        assertThat(late.refusal().message()).contains("300 ms");
    }

    @Test
    void verifiesTheProvidersCertificateAndItsName() throws Exception {
        Path chain = folder.resolve("chain.pem");
        Path key = folder.resolve("key.pem");
        TestCertificate.make(folder).write(chain, key);
        Simulator simulator =
                rig.simulator(SimulatorOptions.DEFAULT.withHost("0.0.0.0").withTls(chain, key));
        int port = simulator.port();
        URI localhost = URI.create("wss://localhost:" + port + "/v1");
        URI otherName = URI.create("wss://127.0.0.2:" + port + "/v1");

        rig.open(PoolSettings.onDemand(), account(localhost, chain, 10));
        rig.connected(PoolRig.CONVERSATION);
        rig.open(PoolSettings.onDemand(), account(localhost, null, 10));
        rig.unavailable(PoolRig.CONVERSATION);
        rig.open(PoolSettings.onDemand(), account(otherName, chain, 10));
        rig.unavailable(PoolRig.CONVERSATION);
    }

    @Test
    void playsWarmSessionsToTheirClientsWithWhatTheProviderSaidByItself() {
        Simulator simulator = rig.simulator();
        simulator
                .scripts()
                .always(Script.parse("{\"extraEvents\":[{\"type\":\"conversation.created\",\"event_id\":\"e1\"}]}"));
        PoolSettings warm = new PoolSettings();
        warm.warmModels = Set.of("gpt-realtime");
        rig.open(warm.config(), account(simulator.url(), null, 10));
        rig.start();
        rig.awaitWarm(2, 0);

        UpstreamSession session = rig.connected(PoolRig.CONVERSATION);
        assertThat(session.created().toString()).contains("session.created");
        assertThat(session.early())
                .singleElement()
                .satisfies(event -> assertThat(event.toString()).contains("conversation.created"));
        assertThat(simulator.books().counters().sessionsOpened()).isGreaterThanOrEqualTo(2);
    }

    @Test
    void asksASilentOneForASignOfLifeAndHandsOutOnlyOneThatGivesIt() {
        Simulator simulator = rig.simulator();
        FaultProxy proxy = new FaultProxy(rig.provider(), simulator.url());
        PoolSettings wary = new PoolSettings();
        wary.warmModels = Set.of("gpt-realtime");
        wary.checkAfter = Duration.ZERO;
        wary.acquireTimeout = Duration.ofSeconds(1);
        rig.open(wary.config(), account(proxy.url(), null, 10));
        rig.start();
        rig.awaitWarm(2, 0);
        rig.connected(PoolRig.CONVERSATION);

        rig.awaitWarm(2, 1);
        proxy.mode(FaultProxy.Mode.BLACK_HOLE);
        rig.unavailable(PoolRig.CONVERSATION);
        Eventually.holds("the dead are let go", () -> rig.pool().snapshot().sum(PoolSnapshot.ModelRow::svIdle) == 0);
        proxy.close();
    }

    @Test
    void asksAzureByDeploymentWithItsOwnHeader() {
        Simulator simulator = rig.simulator();
        AccountConfig azure = new AccountConfig(
                "azure",
                AccountConfig.Profile.AZURE,
                simulator.url(),
                new Secret(PoolRig.KEY),
                null,
                null,
                null,
                Map.of("my-realtime", "gpt-realtime"),
                1,
                10);
        rig.open(PoolSettings.onDemand(), azure);

        assertThat(rig.connected(new Target(new ModelName("my-realtime")))
                        .created()
                        .toString())
                .as("the name that it was asked for by; the provider knows the deployment only")
                .contains("\"model\":\"my-realtime\"");
        assertThat(rig.unavailable(TRANSCRIPTION).upstreamCode()).isEqualTo("no_account");
    }

    private static AccountConfig account(URI url, @Nullable Path trust, int sessionsMax) {
        return new AccountConfig(
                "default",
                AccountConfig.Profile.OPENAI,
                url,
                new Secret(PoolRig.KEY),
                null,
                null,
                trust,
                Map.of(),
                1,
                sessionsMax);
    }
}
