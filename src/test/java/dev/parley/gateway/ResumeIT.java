package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chaos.BrokerProcess;
import dev.parley.clients.NodeScenario;
import dev.parley.concurrent.Eventually;
import dev.parley.domain.TenantId;
import dev.parley.gateway.NumberedUpstream.Numbered;
import dev.parley.server.Broker;
import dev.parley.tenancy.Tenant;
import java.net.URI;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients that lose their connection and come back, over sockets, to either of two nodes. */
class ResumeIT {
    private static TwoNodes nodes;

    @BeforeAll
    static void start() throws Exception {
        nodes = new TwoNodes();
    }

    @AfterAll
    static void stop() throws Exception {
        nodes.close();
    }

    @AfterEach
    void nothingIsLeft() {
        nodes.assertNothingLeft();
    }

    @Test
    void aSecondConnectionTakesTheSessionOver() throws Exception {
        DroppingClient first = nodes.client(nodes.first(), "alice");
        try (DroppingClient second = first.elsewhere(nodes.first())) {
            assertThat(first.closeCode()).isEqualTo(4409);
            second.send("{\"type\":\"response.create\"}");
            second.await("response.done", 1);

            assertThat(second.events()).isEqualTo(nodes.upstream.sent(second.session()));
        }
    }

    @Test
    void aClientThatClosesWithACodeOfItsOwnComesBackOnEitherNode() throws Exception {
        try (DroppingClient client = nodes.client(nodes.first(), "alice")) {
            for (URI node : List.of(nodes.first(), nodes.second())) {
                client.closeWith(4000);
                assertThat(client.closeCode()).isEqualTo(4000);
                client.resume(node);
            }
            client.send("{\"type\":\"response.create\"}");
            client.await("response.done", 1);

            assertThat(client.events()).isEqualTo(nodes.upstream.sent(client.session()));
        }
    }

    @Test
    void aConnectionThatTakesNothingAnyMoreIsTakenOver() throws Exception {
        try (DroppingClient client = nodes.client(nodes.first(), "alice")) {
            client.send(
                    "{\"type\":\"response.create\",\"response\":{\"metadata\":{\"deltas\":\"60\",\"bytes\":\"400000\"}}}");
            client.awaitEvents(4);
            client.fallSilent();
            int heard = client.ids().size();
            Eventually.holds("the provider waits", () -> nodes.upstream.isStuck(client.session()));

            client.resume(nodes.first());
            client.await("response.done", 1);

            assertThat(client.count("parley.discontinuity"))
                    .as("more was on its way than is kept")
                    .isEqualTo(1);
            JsonNode gap = client.first("parley.discontinuity");
            List<Numbered> after =
                    client.events().subList(heard + 1, client.ids().size());
            assertThat(after.getFirst().id())
                    .isEqualTo(gap.path("next_event_id").asText());
            List<Numbered> sent = nodes.upstream.sent(client.session());
            assertThat(after).isEqualTo(sent.subList(sent.size() - after.size(), sent.size()));
        }
    }

    @Test
    void ofManyThatComeBackAtOnceOneWins() throws Exception {
        DroppingClient lost = nodes.client(nodes.first(), "alice");
        nodes.awaitKnown(lost);
        lost.cut();
        List<DroppingClient> all = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<DroppingClient>> coming = new ArrayList<>();
            for (int n = 0; n < 10; n++) {
                URI base = n % 2 == 0 ? nodes.first() : nodes.second();
                coming.add(threads.submit(() -> lost.elsewhere(base)));
            }
            for (Future<DroppingClient> one : coming) {
                all.add(one.get());
            }
        }
        Eventually.holds(
                "one is left",
                () -> all.stream().filter(DroppingClient::isClosed).count() == all.size() - 1);

        for (DroppingClient client : all) {
            if (client.isClosed()) {
                assertThat(client.closeCode()).isEqualTo(4409);
            } else {
                client.send("{\"type\":\"response.create\"}");
                client.await("response.done", 1);
                assertThat(client.events()).isEqualTo(nodes.upstream.sent(client.session()));
                client.close();
            }
        }
    }

    @Test
    void whoComesBackWithoutEndIsSlowedDown() throws Exception {
        try (DroppingClient client = nodes.client(nodes.first(), "alice")) {
            nodes.awaitKnown(client);
            List<Integer> answers = new ArrayList<>();
            for (int n = 0; n < 60; n++) {
                URI base = n % 2 == 0 ? nodes.first() : nodes.second();
                answers.add(answer(base, client.session(), "Authorization", bearer("alice")));
            }

            assertThat(answers).contains(101, 429).containsOnly(101, 429);
            Eventually.holds("it may come back again", () -> isResumed(client));
        }
    }

    @Test
    void whatWasSentInPartIsNotSentAtAll() throws Exception {
        try (DroppingClient client = nodes.client(nodes.first(), "alice")) {
            client.begin("{\"type\":\"input_audio_buffer.append\",\"audio\":\"" + "A".repeat(100_000));
            client.cut();
            client.resume(nodes.first());
            client.send("{\"type\":\"response.create\"}");
            client.await("response.done", 1);

            assertThat(nodes.upstream.heard(client.session()))
                    .contains("response.create")
                    .doesNotContain("input_audio_buffer.append");
            assertThat(client.events()).isEqualTo(nodes.upstream.sent(client.session()));
        }
    }

    @Test
    void aSessionWhoseNodeIsGoneCannotBeResumed() throws Exception {
        Broker third = nodes.another("third");
        DroppingClient client = nodes.client(TwoNodes.url(third.tenantPort()), "alice");
        nodes.awaitKnown(client);
        client.cut();
        third.close();

        assertRefused(nodes.second(), client.session(), nodes.tester.token("alice"), 404);
    }

    @Test
    void aSessionDiesWithItsNodeAndItsClientIsToldSo(@TempDir Path folder) throws Exception {
        List<Integer> answers = new ArrayList<>();
        try (BrokerProcess third = nodes.process("third", folder)) {
            DroppingClient client = nodes.client(TwoNodes.url(third.tenantPort()), "alice");
            nodes.awaitKnown(client);
            client.cut();
            client.resume(nodes.first());
            client.send("{\"type\":\"response.create\"}");
            client.await("response.created", 1);

            third.kill();

            assertThat(client.closeCode())
                    .as("the session may live, for all that its peer knows")
                    .isEqualTo(1012);
            Eventually.holds("the others know that the node is dead", () -> {
                int answer = answer(nodes.second(), client.session(), "Authorization", bearer("alice"));
                answers.add(answer);
                return answer == 404;
            });
        }
        assertThat(answers).startsWith(503).containsOnly(503, 404);
        try (DroppingClient anew = nodes.client(nodes.second(), "alice")) {
            anew.send("{\"type\":\"response.create\"}");
            anew.await("response.done", 1);
        }
    }

    @Test
    void aNodeThatCannotBeReachedIsTriedAgain() throws Exception {
        try (DroppingClient client = nodes.client(nodes.first(), "alice")) {
            nodes.awaitKnown(client);
            nodes.tester
                    .database()
                    .execute("update live_session set reached_at = '127.0.0.1:1' where known_as = '" + client.session()
                            + "'");

            assertRefused(nodes.second(), client.session(), nodes.tester.token("alice"), 503);
        }
    }

    @Test
    void aNodeInBetweenThatGoesAwaySendsItsClientsElsewhere() throws Exception {
        Broker third = nodes.another("third");
        try (DroppingClient client = nodes.client(nodes.first(), "alice")) {
            nodes.awaitKnown(client);
            client.cut();
            client.resume(TwoNodes.url(third.tenantPort()));
            client.send("{\"type\":\"response.create\"}");
            client.await("response.created", 1);
            third.close();
            assertThat(client.closeCode()).isEqualTo(1012);

            client.resume(nodes.second());
            client.await("response.done", 1);

            assertThat(client.events()).isEqualTo(nodes.upstream.sent(client.session()));
        }
    }

    @Test
    void theShippedClientComesBackByItself() throws Exception {
        NodeScenario.install();
        JsonNode seen = NodeScenario.resume(5, nodes.tester.broker().tenantPort(), nodes.tester.token("alice"));

        assertThat(seen.path("cuts").asInt()).isEqualTo(5);
        assertThat(seen.path("lost").asInt()).isEqualTo(5);
        assertThat(seen.path("back").asInt()).isEqualTo(5);
        assertThat(seen.path("close").asInt()).isEqualTo(1000);
        assertThat(seen.path("discontinuities").asInt()).isZero();
        List<String> ids = new ArrayList<>();
        seen.path("ids").forEach(id -> ids.add(id.asText()));
        ids.remove("own"); // the provider's answer to the client's session.update has no number
        assertThat(ids)
                .isEqualTo(nodes.upstream.sent(seen.path("session").asText()).stream()
                        .map(Numbered::id)
                        .toList());
    }

    @Test
    void nobodyElseGetsIn() throws Exception {
        TenantId other = new TenantId("other");
        nodes.tester.tenant(demo -> Tenant.of(other, "Other", demo.own()));
        try (DroppingClient client = nodes.client(nodes.first(), "alice")) {
            nodes.awaitKnown(client);
            for (URI base : List.of(nodes.first(), nodes.second())) {
                assertRefused(base, client.session(), nodes.tester.token("bob"), 404);
                assertRefused(base, client.session(), nodes.tester.token(other, "alice"), 404);
                assertRefused(base, "sess_none", nodes.tester.token("alice"), 404);
                assertRefused(base, client.session(), "no token", 401);
                assertRefused(base, "%22", nodes.tester.token("alice"), 400);
            }
            assertThat(answer(nodes.first(), client.session(), "Parley-Node-Ticket", "forged"))
                    .isEqualTo(404);
        }
    }

    private static void assertRefused(URI base, String session, String token, int status) {
        assertThat(answer(base, session, "Authorization", "Bearer " + token)).isEqualTo(status);
    }

    private static String bearer(String subject) {
        return "Bearer " + nodes.tester.token(subject);
    }

    private static boolean isResumed(DroppingClient client) {
        try {
            client.resume(nodes.first());
            return true;
        } catch (Exception | AssertionError tooEarly) {
            return false;
        }
    }

    /** 101 if the session is resumed; then the connection is cut at once. */
    private static int answer(URI base, String session, String header, String value) {
        try {
            nodes.http()
                    .newWebSocketBuilder()
                    .header(header, value)
                    .buildAsync(URI.create(base + "/realtime?session_id=" + session), new WebSocket.Listener() {})
                    .get()
                    .abort();
            return 101;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        } catch (ExecutionException refused) {
            return ((WebSocketHandshakeException) Objects.requireNonNull(refused.getCause()))
                    .getResponse()
                    .statusCode();
        }
    }
}
