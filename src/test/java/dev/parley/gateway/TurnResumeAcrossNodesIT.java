package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chaos.Metrics;
import dev.parley.concurrent.Eventually;
import dev.parley.config.ConfigLoader;
import dev.parley.relay.Wire;
import dev.parley.server.Broker;
import dev.parley.server.BrokerTester;
import dev.parley.simulator.Script;
import dev.parley.tenancy.PoolMode;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Sessions in turn mode whose clients come back through another node, in mid-response, and send from there. */
class TurnResumeAcrossNodesIT {
    private static final int DROPS = 12;

    @Test
    void everyEventComesOnceWhicheverNodeTheClientMeets() throws Exception {
        try (BrokerTester tester =
                        BrokerTester.start(Map.of("PARLEY_NODE_NAME", "first", "PARLEY_TURN_IDLE_MAX", "1s"));
                Broker other = another(tester)) {
            tester.tenants()
                    .change(BrokerTester.DEMO, demo -> demo.withOwn(demo.own().withPoolMode(PoolMode.TURN)));
            tester.simulator().scripts().always(Script.parse("{\"deltaIntervalMillis\":3,\"outputTokens\":60}"));
            URI elsewhere = TwoNodes.url(other.tenantPort());
            try (DroppingClient client = new DroppingClient(tester.url(), tester.token("alice"))) {
                assertThat(client.first("session.created")
                                .at("/session/audio/input/turn_detection")
                                .isNull())
                        .as("turn mode")
                        .isTrue();
                client.send("{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\","
                        + "\"output_modalities\":[\"text\"]}}");
                client.await("session.updated", 1);
                awaitKnown(tester, client);
                assertRefused(elsewhere, client, tester.token("mallory"));
                for (int drop = 1; drop <= DROPS; drop++) {
                    client.dropAfter(client.ids().size() + 3 + 5 * drop % 40, drop % 3 == 0);
                    client.send("{\"type\":\"response.create\"}");
                    client.awaitDropped();
                    client.resume(drop % 2 == 0 ? tester.url() : elsewhere);
                    client.await("response.done", drop);
                }
                assertThat(client.count("parley.discontinuity")).isZero();
                assertThat(client.ids()).doesNotHaveDuplicates();
                assertThat(client.count("response.created")).isEqualTo(DROPS);
                for (JsonNode done : client.all("response.done")) {
                    assertWhole(client, done.path("response"));
                }
                assertThat(tester.database().query("select count(*) from usage_entry where kind = 'usage'"))
                        .as("one entry for each response")
                        .isEqualTo(Integer.toString(DROPS));
            }
            Eventually.holds(
                    "no session counts any more",
                    () -> tester.database()
                            .query("select count(*) from live_session")
                            .equals("0"));
            for (Broker broker : List.of(tester.broker(), other)) {
                for (String gauge : List.of(
                        "parley_sessions",
                        "parley_passages",
                        "parley_backlog_bytes",
                        "parley_turn_upstream_sessions")) {
                    Eventually.holds(gauge + " is 0", () -> Metrics.read(broker.adminPort(), gauge) == 0);
                }
            }
        }
    }

    private static Broker another(BrokerTester tester) throws Exception {
        Map<String, String> settings = new HashMap<>(tester.settings());
        settings.put("PARLEY_NODE_NAME", "second");
        return Broker.start(ConfigLoader.load(null, settings).config(), _ -> {});
    }

    /** The text that came in pieces over several connections is the text of the end. */
    private static void assertWhole(DroppingClient client, JsonNode response) {
        String pieces = client.all("response.output_text.delta").stream()
                .filter(event -> event.path("response_id").equals(response.path("id")))
                .map(event -> event.path("delta").asText())
                .collect(Collectors.joining());
        assertThat(response.path("status").asText()).isNotEqualTo("failed");
        assertThat(pieces)
                .isNotEmpty()
                .isEqualTo(response.at("/output/0/content/0/text").asText());
    }

    private static void awaitKnown(BrokerTester tester, DroppingClient client) {
        Eventually.holds(
                "it is known where the session is",
                () -> tester.database()
                        .query("select count(*) from live_session where known_as = '" + client.session() + "'")
                        .equals("1"));
    }

    private static void assertRefused(URI base, DroppingClient of, String token) {
        String path = base.getPath() + "/realtime?session_id=" + of.session();
        assertThatThrownBy(() -> Wire.connect(base.getPort(), path, "Authorization: Bearer " + token))
                .hasMessageContaining("HTTP/1.1 404");
    }
}
