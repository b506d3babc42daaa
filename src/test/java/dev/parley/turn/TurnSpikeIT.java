package dev.parley.turn;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.gateway.BrokerRig;
import dev.parley.gateway.WireClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Fifty responses at once over real sockets, when connecting takes 150 ms and a response 2 ms. */
class TurnSpikeIT {
    private static final int RESPONSES = 50;
    private static final String SCRIPT = "{\"createdDelayMillis\":150,\"generationDelayMillis\":2,\"outputTokens\":1}";

    /** Sixteen responses share a session: fifty need four, of which some are there. */
    @Test
    void aSpikeOfResponsesNeedsFewUpstreamSessions() throws Exception {
        try (BrokerRig rig = TurnRig.start(TurnRig.limits(16, 8, Duration.ofSeconds(3)))) {
            assertThat(spike(rig, "sixteen places each")).isBetween(1L, 6L);
        }
    }

    /** As connections to a database: one response at a time. How many are opened depends on how fast this machine is. */
    @Test
    void aSpikeWaitsForPlacesThatComeFreeSoonerThanASessionOpens() throws Exception {
        try (BrokerRig rig = TurnRig.start(TurnRig.limits(1, 50, Duration.ofSeconds(3)))) {
            assertThat(spike(rig, "one place each")).isLessThan(RESPONSES);
        }
    }

    /** @return upstream sessions opened in all */
    private static long spike(BrokerRig rig, String places) throws Exception {
        TurnRig.inTurnMode(rig, "acme");
        rig.script(SCRIPT);
        List<WireClient> clients = new ArrayList<>();
        for (int i = 0; i < RESPONSES; i++) {
            clients.add(rig.text("acme"));
        }
        long before = opened(rig);
        for (int round = 0; round < 10; round++) {
            ask(clients.subList(0, 5), "warm " + round);
        }
        long warm = opened(rig) - before;
        long millis = ask(clients, "spike");
        long opened = opened(rig) - before;
        System.out.println("spike over sockets, " + places + ": " + RESPONSES + " responses at once on " + warm
                + " warm upstream sessions: " + millis + " ms, " + opened + " upstream sessions in all");
        clients.forEach(WireClient::close);
        rig.assertQuiet("acme");
        return opened;
    }

    private static long opened(BrokerRig rig) {
        return rig.simulator().books().counters().sessionsOpened();
    }

    private static long ask(List<WireClient> clients, String round) throws Exception {
        for (int i = 0; i < clients.size(); i++) {
            clients.get(i).say(round + " canary " + i + '.');
            clients.get(i).await("conversation.item.done");
        }
        long start = System.nanoTime();
        clients.forEach(client -> client.send("{\"type\":\"response.create\"}"));
        for (WireClient client : clients) {
            JsonNode done = client.await("response.done");
            assertThat(done.at("/response/status").asText()).isNotEqualTo("failed");
        }
        return Duration.ofNanos(System.nanoTime() - start).toMillis();
    }
}
