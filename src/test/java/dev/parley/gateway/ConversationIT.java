package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.domain.NanoUsd;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Conversations from a client's socket through the broker to the simulator, with the ledger read back from Postgres. */
class ConversationIT {
    private static BrokerRig rig;

    @BeforeAll
    static void start() throws Exception {
        rig = new BrokerRig().tenant("acme");
    }

    @AfterAll
    static void stop() throws Exception {
        rig.close();
    }

    @Test
    void aTextTurnIsRelayedPricedAndCommitted() throws Exception {
        try (WireClient client = rig.text("acme")) {
            client.send("{\"type\":\"conversation.item.create\",\"item\":{\"type\":\"message\",\"role\":\"user\","
                    + "\"content\":[{\"type\":\"input_text\",\"text\":\"hello there\"}]}}");
            client.send("{\"type\":\"response.create\",\"event_id\":\"c1\"}");
            JsonNode done = client.await("response.done").path("response");

            assertThat(done.path("status").asText()).isEqualTo("completed");
            assertThat(client.types()).startsWith("session.created").doesNotContain("rate_limits.updated");
            String cost = rig.database()
                    .query("select cost_nano from usage_entry where reference = '"
                            + done.path("id").asText() + "'");
            JsonNode usage = done.path("usage");
            long expected = usage.path("input_token_details")
                                    .path("text_tokens")
                                    .asLong()
                            * 4_000
                    - usage.path("input_token_details").path("cached_tokens").asLong() * 3_600
                    + usage.path("output_token_details").path("text_tokens").asLong() * 16_000;
            assertThat(new NanoUsd(Long.parseLong(cost))).isEqualTo(new NanoUsd(expected));
        }
        rig.assertQuiet("acme");
    }
}
