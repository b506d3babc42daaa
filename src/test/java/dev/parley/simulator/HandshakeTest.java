package dev.parley.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.conversation.Trees;
import io.vertx.core.http.UpgradeRejectedException;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class HandshakeTest {
    private static final String KEY = "sk-test-key-0001";

    @RegisterExtension
    static final SimulatorTester TESTER = new SimulatorTester(SimulatorOptions.DEFAULT.withApiKeys(Set.of(KEY)));

    @Test
    void opensAConversation() throws Exception {
        RealtimeClient client = TESTER.conversation();
        JsonNode session = client.await("session.created").path("session");

        assertThat(session.path("type").asText()).isEqualTo("realtime");
        assertThat(session.path("model").asText()).isEqualTo("gpt-realtime");
        assertThat(session.path("id").asText()).startsWith("sess_");
        assertThat(client.socket().subProtocol()).isNull();
        assertThat(client.socket().headers().contains("Sec-WebSocket-Extensions"))
                .isFalse();
    }

    @Test
    void opensATranscription() throws Exception {
        JsonNode session = TESTER.transcription().await("session.created").path("session");

        assertThat(session.path("type").asText()).isEqualTo("transcription");
        assertThat(session.path("object").asText()).isEqualTo("realtime.transcription_session");
        assertThat(session.has("model")).isFalse();
        assertThat(session.at("/audio/output").isMissingNode()).isTrue();
    }

    @Test
    void selectsRealtimeWhenOfferedAndTakesTheKeyFromTheSubprotocol() throws Exception {
        RealtimeClient client = RealtimeClient.connect(
                TESTER.vertx(),
                TESTER.simulator(),
                "/v1/realtime?model=gpt-realtime",
                options -> options.setSubProtocols(List.of("realtime", "openai-insecure-api-key." + KEY)));

        client.await("session.created");
        assertThat(client.socket().subProtocol()).isEqualTo("realtime");
    }

    @Test
    void turnsAwayABadKeyAfterTheUpgrade() throws Exception {
        turnsAway("/v1/realtime?model=gpt-realtime", "sk-wrong-key-123456", 3000, "invalid_api_key");
    }

    @Test
    void turnsAwayWithoutAKey() throws Exception {
        RealtimeClient client = RealtimeClient.connect(
                TESTER.vertx(), TESTER.simulator(), "/v1/realtime?model=gpt-realtime", options -> {});

        assertThat(client.awaitEnd()).isEqualTo(new RealtimeClient.End(3000, "invalid_request_error.invalid_api_key"));
    }

    @Test
    void turnsAwayAnUnknownModelAnEmptyIntentAndNeither() throws Exception {
        turnsAway("/v1/realtime?model=gpt-nonsense", KEY, 4000, "invalid_model");
        turnsAway("/v1/realtime?model=gpt-live-1", KEY, 4000, "invalid_model");
        turnsAway("/v1/realtime?intent=", KEY, 4000, "invalid_intent");
        turnsAway("/v1/realtime?model=gpt-realtime&intent=", KEY, 4000, "invalid_intent");
        turnsAway("/v1/realtime", KEY, 4000, "missing_model");
    }

    @Test
    void turnsAwayTheBetaHeader() throws Exception {
        RealtimeClient client = RealtimeClient.connect(
                TESTER.vertx(),
                TESTER.simulator(),
                "/v1/realtime?model=gpt-realtime",
                options -> options.putHeader("Authorization", "Bearer " + KEY).putHeader("OpenAI-Beta", "realtime=v1"));

        assertBeta(client);
    }

    @Test
    void turnsAwayTheBetaSubprotocol() throws Exception {
        RealtimeClient client = RealtimeClient.connect(
                TESTER.vertx(),
                TESTER.simulator(),
                "/v1/realtime?model=gpt-realtime",
                options -> options.setSubProtocols(
                        List.of("realtime", "openai-insecure-api-key." + KEY, "openai-beta.realtime-v1")));

        assertBeta(client);
    }

    @Test
    void endsAConversationThatWantsToBeATranscription() throws Exception {
        RealtimeClient client = TESTER.connect("/v1/realtime?intent=transcription&model=gpt-realtime");
        JsonNode session = client.await("session.created").path("session");
        client.send("{\"type\":\"session.update\",\"event_id\":\"u1\",\"session\":{\"type\":\"transcription\"}}");
        JsonNode error = client.awaitError();

        assertThat(session.path("type").asText()).isEqualTo("realtime");
        assertThat(error.path("code").asText()).isEqualTo("invalid_model");
        assertThat(error.path("event_id").asText()).isEqualTo("u1");
        assertThat(client.awaitEnd()).isEqualTo(new RealtimeClient.End(4000, "invalid_request_error.invalid_model"));
    }

    @Test
    void refusesOverHttpByScript() {
        TESTER.script("{\"handshake\":{\"status\":429,\"retryAfter\":3,\"code\":\"rate_limit_exceeded\"}}");
        long before = TESTER.books().counters().handshakesRefused();
        UpgradeRejectedException refusal =
                RealtimeClient.refused(TESTER.vertx(), TESTER.simulator(), "/v1/realtime?model=gpt-realtime");

        assertThat(refusal.getStatus()).isEqualTo(429);
        assertThat(refusal.getHeaders().get("Retry-After")).isEqualTo("3");
        assertThat(Trees.parse(refusal.getBody().toString()).at("/error/code").asText())
                .isEqualTo("rate_limit_exceeded");
        assertThat(TESTER.books().counters().handshakesRefused()).isEqualTo(before + 1);
    }

    @Test
    void refusesOverHttpAfterADelay() {
        TESTER.script("{\"handshake\":{\"status\":503},\"handshakeDelayMillis\":30}");
        assertThat(RealtimeClient.refused(TESTER.vertx(), TESTER.simulator(), "/v1/realtime?model=gpt-realtime")
                        .getStatus())
                .isEqualTo(503);
    }

    @Test
    void upgradesAfterADelay() throws Exception {
        TESTER.script("{\"handshakeDelayMillis\":30}");
        assertThat(TESTER.conversation().await("session.created").has("session"))
                .isTrue();
    }

    @Test
    void opensThenTellsAnErrorAndClosesByScript() throws Exception {
        TESTER.script("""
                {"handshake":{"error":{"type":"insufficient_quota","code":"insufficient_quota","message":"no more"},
                "close":4001}}""");
        RealtimeClient client = TESTER.conversation();
        JsonNode error = client.awaitError();

        assertThat(error.path("message").asText()).isEqualTo("no more");
        assertThat(client.awaitEnd()).isEqualTo(new RealtimeClient.End(4001, "insufficient_quota.insufficient_quota"));
        assertThat(client.types()).containsExactly("error");
    }

    private static void assertBeta(RealtimeClient client) throws Exception {
        JsonNode error = client.awaitError();
        assertThat(error.path("code").asText()).isEqualTo("beta_api_shape_disabled");
        assertThat(error.path("message").asText())
                .isEqualTo("The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API.");
        assertThat(client.awaitEnd())
                .isEqualTo(new RealtimeClient.End(4000, "invalid_request_error.beta_api_shape_disabled"));
        assertThat(client.types()).containsExactly("error");
    }

    private static void turnsAway(String uri, String key, int close, String code) throws Exception {
        RealtimeClient client = RealtimeClient.connect(
                TESTER.vertx(),
                TESTER.simulator(),
                uri,
                options -> options.putHeader("Authorization", "Bearer " + key));
        JsonNode error = client.awaitError();
        assertThat(error.path("code").asText()).as(uri).isEqualTo(code);
        assertThat(error.path("message").asText()).doesNotContain(key);
        assertThat(client.awaitEnd()).isEqualTo(new RealtimeClient.End(close, "invalid_request_error." + code));
        assertThat(client.types()).containsExactly("error");
    }
}
