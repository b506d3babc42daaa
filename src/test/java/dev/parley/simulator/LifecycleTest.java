package dev.parley.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.server.TestCertificate;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.PemTrustOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class LifecycleTest {
    @RegisterExtension
    static final SimulatorTester TESTER =
            new SimulatorTester(SimulatorOptions.DEFAULT.withSpeed(50).withEventLoops(2));

    @TempDir
    Path folder;

    @Test
    void sharesOnePortBetweenItsEventLoops() throws Exception {
        List<RealtimeClient> clients = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            clients.add(TESTER.textConversation());
        }
        for (RealtimeClient client : clients) {
            client.say("hi").send("{\"type\":\"response.create\"}");
        }
        for (RealtimeClient client : clients) {
            assertThat(client.awaitResponse().path("status").asText()).isEqualTo("completed");
        }
    }

    @Test
    void neverLetsASlowReaderGrowItsMemory() throws Exception {
        TESTER.script("{\"deltaIntervalMillis\":0,\"outputTokens\":4000,\"audioDeltaBytes\":75000}");
        RealtimeClient slow = TESTER.conversation();
        slow.await("session.created");
        slow.socket().pause();
        long before = TESTER.books().counters().bytesSent();
        slow.socket().writeTextMessage("{\"type\":\"response.create\"}");
        SimulatorTester.eventually(() -> TESTER.books().counters().bytesSent() - before > 256 << 10, "it is full");
        long full = settled();
        assertThat(full - before)
                .as("bytes generated for a reader that reads nothing")
                .isLessThan(12 << 20);

        slow.socket().resume();
        assertThat(slow.awaitResponse().path("status").asText()).isEqualTo("completed");
        assertThat(TESTER.books().counters().bytesSent() - before).isGreaterThan(60 << 20);
    }

    @Test
    void dropsAndClosesItsSessions() throws Exception {
        RealtimeClient dropped = TESTER.conversation();
        dropped.await("session.created");
        TESTER.simulator().dropSessions();
        assertThat(dropped.awaitEnd().code()).isEqualTo(1006);

        RealtimeClient closed = TESTER.conversation();
        closed.await("session.created");
        TESTER.simulator().closeSessions(1012, "restart");
        assertThat(closed.awaitEnd()).isEqualTo(new RealtimeClient.End(1012, "restart"));

        RealtimeClient closedOverHttp = TESTER.conversation();
        closedOverHttp.await("session.created");
        assertThat(TESTER.http(HttpMethod.DELETE, "/simulator/sessions?code=1013&reason=full", "")
                        .statusCode())
                .isEqualTo(200);
        assertThat(closedOverHttp.awaitEnd()).isEqualTo(new RealtimeClient.End(1013, "full"));
        assertThat(TESTER.http(HttpMethod.DELETE, "/simulator/sessions?code=1006", "")
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void stopsListeningWhenClosedAndKeepsItsBooks() throws Exception {
        Vertx vertx = TESTER.vertx();
        Simulator simulator = SimulatorTester.get(Simulator.start(vertx, SimulatorOptions.DEFAULT));
        RealtimeClient client = RealtimeClient.conversation(vertx, simulator);
        client.send("{\"type\":\"response.create\"}").awaitResponse();
        SimulatorTester.get(simulator.close());

        client.awaitEnd();
        assertThat(simulator.books().responses()).hasSize(1);
        assertThatThrownBy(() -> RealtimeClient.conversation(vertx, simulator)).isInstanceOf(ExecutionException.class);
    }

    @Test
    void speaksTls() throws Exception {
        Path chain = folder.resolve("chain.pem");
        Path key = folder.resolve("key.pem");
        TestCertificate.make(folder).write(chain, key);
        Simulator simulator = SimulatorTester.get(Simulator.start(
                TESTER.vertx(),
                SimulatorOptions.DEFAULT.withSpeed(SimulatorOptions.UNLIMITED).withTls(chain, key)));
        simulator.scripts().next(1, Script.parse("{\"audioDeltaBytes\":75000,\"outputTokens\":40}"));
        simulator.scripts().next(1, Script.parse("{\"resetAfterDeltas\":2}"));

        RealtimeClient client = overTls(simulator, chain);
        JsonNode done = client.send("{\"type\":\"response.create\"}").awaitResponse();
        client.close();
        RealtimeClient cut = overTls(simulator, chain);
        cut.send("{\"type\":\"response.create\"}").awaitEnd();

        assertThat(simulator.url()).hasScheme("wss");
        assertThat(done.path("status").asText()).isEqualTo("completed");
        assertThat(client.ofType("response.output_audio.delta"))
                .anySatisfy(delta ->
                        assertThat(delta.path("delta").asText().length()).isGreaterThan(74_000));
        assertThat(cut.types()).contains("response.created").doesNotContain("response.done");
        assertThatThrownBy(() -> RealtimeClient.conversation(TESTER.vertx(), simulator))
                .as("no TLS")
                .isInstanceOf(ExecutionException.class);
        SimulatorTester.get(simulator.close());
    }

    private static RealtimeClient overTls(Simulator simulator, Path chain) throws Exception {
        return RealtimeClient.connect(
                TESTER.vertx(),
                simulator,
                "/v1/realtime?model=gpt-realtime",
                options -> options.setSsl(true)
                        .setSslOptions(new ClientSSLOptions()
                                .setTrustOptions(new PemTrustOptions().addCertPath(chain.toString()))
                                .setHostnameVerificationAlgorithm("HTTPS"))
                        .putHeader("Authorization", "Bearer sk-test-key-0001"));
    }

    @Test
    void refusesWrongOptions() {
        assertThatThrownBy(() -> SimulatorOptions.DEFAULT.withPort(70_000)).hasMessageContaining("port");
        assertThatThrownBy(() -> SimulatorOptions.DEFAULT.withSpeed(0)).hasMessageContaining("speed");
        assertThatThrownBy(() -> SimulatorOptions.DEFAULT.withEventLoops(0)).hasMessageContaining("event loops");
        assertThatThrownBy(() -> SimulatorOptions.DEFAULT.withSessionMax(Duration.ZERO))
                .hasMessageContaining("session maximum");
        assertThat(SimulatorOptions.DEFAULT.withTls(Path.of("a"), Path.of("b")).certificate())
                .isEqualTo(Path.of("a"));
    }

    /** What was sent once nothing more is: two readings in a row, each after another client's whole conversation. */
    private static long settled() throws Exception {
        long last;
        long now = TESTER.books().counters().bytesSent();
        do {
            last = now;
            RealtimeClient other = RealtimeClient.connect(
                    TESTER.vertx(), TESTER.simulator(), "/v1/realtime?model=gpt-nope", options -> {});
            other.awaitEnd();
            now = TESTER.books().counters().bytesSent();
        } while (now - last > 1 << 10);
        return now;
    }
}
