package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.domain.TenantId;
import dev.parley.relay.RelayLimits;
import io.vertx.core.http.UpgradeRejectedException;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Large, odd, slow and broken: what the broker passes, what it ends, and that the usage survives. */
class RobustnessIT {
    private static BrokerRig rig;

    @BeforeAll
    static void start() throws Exception {
        RelayLimits limits = RelayLimits.client();
        rig = new BrokerRig(new RelayLimits(
                        limits.frameBytesMax(),
                        limits.messageBytesMax(),
                        limits.fragmentsMax(),
                        limits.messagesPerSecondMax(),
                        1 << 20,
                        Duration.ofSeconds(2),
                        limits.heldBytesMax(),
                        limits.pingInterval(),
                        limits.silenceMax(),
                        limits.messageTimeout(),
                        limits.closeTimeout()))
                .tenant("acme")
                .tenant("sleepy");
    }

    @AfterEach
    void quiet() {
        rig.assertQuiet();
        rig.simulator().scripts().clear();
        rig.reopenAccounts();
    }

    @AfterAll
    static void stop() {
        rig.close();
    }

    @Test
    void passesFifteenMebibytesOfAudioInOneAppend() throws Exception {
        try (WireClient client = rig.text("acme")) {
            long before = rig.simulator().books().counters().bytesReceived();
            client.send("{\"type\":\"input_audio_buffer.append\",\"audio\":\"" + "A".repeat(15 << 20) + "\"}");
            client.send("{\"type\":\"input_audio_buffer.commit\"}");
            client.await("input_audio_buffer.committed");

            assertThat(rig.simulator().books().counters().bytesReceived() - before)
                    .isGreaterThan(15 << 20);
        }
    }

    @Test
    void passesARetrievedItemOfThreeAndAHalfMegabytes() throws Exception {
        rig.script("{\"retrievedItemBytes\":3500000}");
        try (WireClient client = rig.text("acme")) {
            client.speak(new byte[96_000]).send("{\"type\":\"input_audio_buffer.commit\"}");
            String item =
                    client.await("input_audio_buffer.committed").path("item_id").asText();
            client.send("{\"type\":\"conversation.item.retrieve\",\"item_id\":\"" + item + "\"}");

            assertThat(client.await("conversation.item.retrieved").toString().length())
                    .isGreaterThan(3_500_000);
        }
    }

    @Test
    void relaysWhateverFormTheProviderSpeaksIn() throws Exception {
        for (String script : new String[] {
            "{\"audioDeltaBytes\":75000}",
            "{\"fragmentMessages\":3}",
            "{\"emptyFirstFragment\":true}",
            "{\"typeLast\":true}",
            "{\"createdFirst\":false}",
            "{\"rateLimits\":\"start\",\"pingMillis\":5}",
            "{\"statusDetailsText\":true}",
            "{\"extraFields\":{\"x_unknown\":{\"a\":[1.50,null]}},\"extraEvents\":[{\"type\":\"x.unknown\",\"y\":1}]}"
        }) {
            rig.script(script);
            try (WireClient client = rig.connect("acme")) {
                client.await("session.created");
                client.say("hello").send("{\"type\":\"response.create\"}");
                JsonNode done = client.await("response.done").path("response");

                assertThat(client.types())
                        .as(script)
                        .startsWith("session.created")
                        .contains("response.output_audio.delta");
                assertThat(rig.entry("kind", done.path("id").asText()))
                        .as(script)
                        .isEqualTo("usage");
            }
            rig.assertQuiet();
        }
    }

    @Test
    void cutsASlowClientAndKeepsItsUsage() throws Exception {
        rig.script("{\"outputTokens\":4000,\"audioDeltaBytes\":75000}");
        String id;
        try (WireClient client = rig.connect("acme")) {
            client.await("session.created");
            client.say("hello").send("{\"type\":\"response.create\"}");
            id = client.await("response.created").path("response").path("id").asText();
            client.socket().pause();
            rig.assertQuiet();
        }
        assertThat(rig.entry("count(*)", id)).isEqualTo("1");
        BrokerRig.eventually(
                "the slow client is on record",
                () -> rig.database()
                        .query("select count(*) from session_error where code = 'client_slow'")
                        .equals("1"));
        assertThat(rig.legs().heldBytes()).isZero();
    }

    @Test
    void tellsWhatTheUpstreamRefuses() throws Exception {
        rig.script("{\"handshake\":{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"invalid_api_key\","
                + "\"message\":\"Incorrect API key provided: sk-canar***0001\"},\"close\":{\"code\":3000,"
                + "\"reason\":\"invalid_request_error.invalid_api_key\"}}}");
        try (WireClient client = rig.connect("acme")) {
            JsonNode error = client.await("error").path("error");

            assertThat(error.path("code").asText()).isEqualTo("upstream_unavailable");
            assertThat(error.toString()).doesNotContain("sk-can", "API key");
            assertThat(client.closeCode()).isEqualTo(1013);
            assertThat(client.types()).containsExactly("error");
        }
    }

    @Test
    void tellsWhenTheUpstreamDoesNotOpenInTime() throws Exception {
        rig.script("{\"neverCreated\":true}");
        try (WireClient client = rig.connect("acme")) {
            assertThat(client.await("error").path("error").path("type").asText())
                    .isEqualTo("server_error");
            assertThat(client.closeCode()).isEqualTo(1013);
        }
    }

    @Test
    void endsAtTheProvidersLimitAsTheProviderDoes() throws Exception {
        rig.script("{\"sessionMaxMillis\":300}");
        try (WireClient client = rig.connect("acme")) {
            client.await("session.created");
            assertThat(client.await("error").path("error").path("code").asText())
                    .isEqualTo("session_expired");
            assertThat(client.closeCode()).isEqualTo(1001);
        }
    }

    @Test
    void closesWhenTheTokenExpires() throws Exception {
        try (WireClient client = WireClient.connect(
                rig.vertx(),
                rig.upgrade("?model=gpt-realtime")
                        .addHeader("Authorization", "Bearer " + rig.token("acme", Duration.ofSeconds(5))))) {
            client.await("session.created");
            assertThat(client.await("error").path("error").path("type").asText())
                    .isEqualTo("invalid_request_error");
            assertThat(client.closeCode()).isEqualTo(4401);
        }
    }

    @Test
    void closesWhenTheTenantIsSuspended() throws Exception {
        try (WireClient client = rig.connect("sleepy")) {
            client.await("session.created");
            rig.tenants().suspend(new TenantId("sleepy"));
            client.await("error");
            assertThat(client.closeCode()).isEqualTo(4403);
        }
    }

    @Test
    void drainFinishesRunningResponsesAndRefusesNewSessions() throws Exception {
        try (BrokerRig other = new BrokerRig().tenant("acme")) {
            other.script("{\"deltaIntervalMillis\":10,\"outputTokens\":60}");
            try (WireClient client = other.text("acme")) {
                client.say("hi").send("{\"type\":\"response.create\"}");
                client.await("response.output_text.delta");
                other.registry().drain(Duration.ofSeconds(20));
                assertThatThrownBy(() -> other.connect("acme"))
                        .hasCauseInstanceOf(UpgradeRejectedException.class)
                        .hasMessageContaining("503");
                String id = client.await("response.done")
                        .path("response")
                        .path("id")
                        .asText();
                assertThat(client.closeCode()).isEqualTo(1012);
                assertThat(other.entry("status", id)).isEqualTo("completed");
            }
            other.assertQuiet("acme");
        }
    }
}
