package dev.parley.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.config.Secret;
import dev.parley.config.UpstreamConfig;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal.Kind;
import dev.parley.relay.BytesLegs;
import dev.parley.relay.Gate;
import dev.parley.relay.LegEnd;
import dev.parley.relay.MessageHead;
import dev.parley.relay.RelayLimits;
import dev.parley.server.TestCertificate;
import dev.parley.simulator.Script;
import dev.parley.simulator.Simulator;
import dev.parley.simulator.SimulatorOptions;
import dev.parley.upstream.UpstreamConnector.Outcome;
import dev.parley.upstream.UpstreamConnector.Target;
import dev.parley.upstream.UpstreamConnector.UpstreamSession;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Upstream sessions over real sockets, in plain text and over TLS. */
class DirectConnectorIT {
    private static final Target CONVERSATION = new Target(new ModelName("gpt-realtime"));
    private static final String KEY = "sk-test-0123456789";

    private final Vertx vertx = Vertx.vertx();

    @TempDir
    Path folder;

    @AfterEach
    void stop() throws Exception {
        get(vertx.close());
    }

    @Test
    void handsOutAnUntouchedSessionWithItsCreatedEvent() throws Exception {
        Simulator simulator = simulator(SimulatorOptions.DEFAULT);
        DirectConnector connector = connector(simulator.url(), null, 10);

        UpstreamSession session = connected(acquire(connector, CONVERSATION));
        assertThat(session.id()).startsWith("sess_");
        assertThat(session.created().toString()).contains("\"type\":\"session.created\"", "\"model\":\"gpt-realtime\"");
        UpstreamSession transcription = connected(acquire(connector, new Target(null)));
        assertThat(transcription.created().toString()).contains("realtime.transcription_session");
        assertThat(connector.openSessions()).isEqualTo(2);
    }

    @Test
    void toleratesConversationCreatedFirst() throws Exception {
        Simulator simulator = simulator(SimulatorOptions.DEFAULT);
        simulator.scripts().always(Script.parse("{\"createdFirst\":false}"));

        assertThat(connected(acquire(connector(simulator.url(), null, 10), CONVERSATION))
                        .created()
                        .toString())
                .contains("session.created");
    }

    @Test
    void holdsItsCapAndFreesItWithTheLeg() throws Exception {
        Simulator simulator = simulator(SimulatorOptions.DEFAULT);
        DirectConnector connector = connector(simulator.url(), null, 1);
        UpstreamSession first = connected(acquire(connector, CONVERSATION));
        Outcome.Unavailable second = unavailable(acquire(connector, CONVERSATION));
        assertThat(second.refusal().kind()).isEqualTo(Kind.OVERLOADED);
        assertThat(second.refusal().message()).contains("1");

        CompletableFuture<LegEnd> ended = new CompletableFuture<>();
        first.leg().judge(new Gate() {
            @Override
            public Verdict onMessage(MessageHead head) {
                return Verdict.DROP;
            }

            @Override
            public void onEnd(LegEnd end) {
                first.ended().run();
                ended.complete(end);
            }
        });
        simulator.dropSessions();
        ended.get(10, TimeUnit.SECONDS);
        connected(acquire(connector, CONVERSATION));
    }

    @Test
    void saysWhyThereIsNone() throws Exception {
        Simulator simulator = simulator(SimulatorOptions.DEFAULT);
        DirectConnector connector = connector(simulator.url(), null, 10);
        simulator.scripts().next(1, Script.parse("{\"handshake\":{\"status\":429}}"));
        assertThat(unavailable(acquire(connector, CONVERSATION)).upstreamCode()).isEqualTo("http_429");
        simulator.scripts().next(1, Script.parse("{\"neverCreated\":true}"));
        DirectConnector impatient = connector(simulator.url(), null, 10, Duration.ofSeconds(2));
        assertThat(unavailable(acquire(impatient, CONVERSATION)).upstreamCode()).isEqualTo("timeout");
        Outcome.Unavailable model = unavailable(acquire(connector, new Target(new ModelName("gpt-nonsense"))));
        assertThat(model.upstreamCode()).isEqualTo("invalid_model");
        assertThat(model.refusal().kind()).isEqualTo(Kind.BAD_REQUEST);
        get(simulator.close());
        assertThat(unavailable(acquire(connector, CONVERSATION)).refusal().kind())
                .isEqualTo(Kind.UPSTREAM_UNAVAILABLE);
        assertThat(connector.openSessions()).as("failed ones hold no place").isZero();
    }

    @Test
    void verifiesTheProvidersCertificateAndItsName() throws Exception {
        Path chain = folder.resolve("chain.pem");
        Path key = folder.resolve("key.pem");
        TestCertificate.make(folder).write(chain, key);
        Simulator simulator =
                simulator(SimulatorOptions.DEFAULT.withHost("0.0.0.0").withTls(chain, key));
        int port = simulator.port();

        connected(acquire(connector(URI.create("wss://localhost:" + port + "/v1"), chain, 10), CONVERSATION));
        unavailable(acquire(connector(URI.create("wss://localhost:" + port + "/v1"), null, 10), CONVERSATION));
        unavailable(acquire(connector(URI.create("wss://127.0.0.2:" + port + "/v1"), chain, 10), CONVERSATION));
    }

    private Simulator simulator(SimulatorOptions options) throws Exception {
        return get(Simulator.start(vertx, options.withApiKeys(Set.of(KEY))));
    }

    private DirectConnector connector(URI url, @Nullable Path trust, int sessionsMax) {
        return connector(url, trust, sessionsMax, Duration.ofSeconds(15));
    }

    private DirectConnector connector(URI url, @Nullable Path trust, int sessionsMax, Duration timeout) {
        UpstreamConfig config = new UpstreamConfig(url, new Secret(KEY), null, null, trust, timeout, sessionsMax);
        return new DirectConnector(vertx, url, config, RelayLimits.upstream(), new BytesLegs());
    }

    private Outcome acquire(DirectConnector connector, Target target) throws Exception {
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        vertx.runOnContext(_ -> connector.acquire(target).onComplete(acquired -> {
            if (acquired.succeeded()) {
                outcome.complete(acquired.result());
            } else {
                outcome.completeExceptionally(acquired.cause());
            }
        }));
        return outcome.get(20, TimeUnit.SECONDS);
    }

    private static UpstreamSession connected(Outcome outcome) {
        assertThat(outcome).isInstanceOf(Outcome.Connected.class);
        return ((Outcome.Connected) outcome).session();
    }

    private static Outcome.Unavailable unavailable(Outcome outcome) {
        assertThat(outcome).isInstanceOf(Outcome.Unavailable.class);
        return (Outcome.Unavailable) outcome;
    }

    private static <T> T get(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }
}
