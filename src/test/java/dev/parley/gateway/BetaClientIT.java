package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.tenancy.LimitName;
import io.vertx.core.http.WebSocketConnectOptions;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Beta clients on the wire, where their SDK does not go. */
class BetaClientIT {
    private static BrokerRig rig;

    @BeforeAll
    static void start() throws Exception {
        rig = new BrokerRig()
                .tenant("acme")
                .tenant("patient", tenant -> tenant.withOwn(tenant.own().with(LimitName.RESUME_WINDOW_SECONDS, 30)));
    }

    @AfterAll
    static void stop() {
        rig.close();
    }

    @Test
    void transcribesWithAFlatBody() throws Exception {
        try (WireClient client = connect("acme", "?intent=transcription")) {
            JsonNode created = client.await("transcription_session.created");
            assertThat(created.at("/session/object").asText()).isEqualTo("realtime.transcription_session");
            assertThat(created.path("session").has("audio")).isFalse();
            client.send("{\"type\":\"transcription_session.update\",\"session\":{\"input_audio_format\":\"pcm16\","
                    + "\"input_audio_transcription\":{\"model\":\"gpt-4o-transcribe\"},\"turn_detection\":null}}");
            JsonNode updated = client.await("transcription_session.updated");
            assertThat(updated.at("/session/input_audio_transcription/model").asText())
                    .isEqualTo("gpt-4o-transcribe");
            client.speak(new byte[48_000]);
            client.send("{\"type\":\"input_audio_buffer.commit\"}");
            client.await("conversation.item.input_audio_transcription.completed");
        }
        rig.assertQuiet("acme");
        assertThat(rig.database().query("select model_resolved from usage_entry where tenant_id = 'acme'"))
                .isEqualTo("gpt-4o-transcribe");
    }

    @Test
    void namesTheFieldAtFaultAsTheClientDid() throws Exception {
        try (WireClient client = connect("acme", "?model=gpt-realtime")) {
            client.await("session.created");
            client.send("{\"type\":\"session.update\",\"event_id\":\"mine\",\"session\":"
                    + "{\"input_audio_transcription\":{\"model\":\"gpt-realtime\"}}}");
            JsonNode error = client.await("error").path("error");
            assertThat(error.path("param").asText()).isEqualTo("session.input_audio_transcription.model");
            assertThat(error.path("event_id").asText()).isEqualTo("mine");
            assertThat(error.path("message").asText()).contains("does not transcribe", "gpt-4o-transcribe");
        }
        rig.assertQuiet("acme");
    }

    @Test
    void comesBackToItsSessionInItsOwnWords() throws Exception {
        try (WireClient client = connect("patient", "?model=gpt-realtime")) {
            String session = client.await("session.created").at("/session/id").asText();
            client.send(
                    "{\"type\":\"session.update\",\"session\":{\"modalities\":[\"text\"],\"turn_detection\":null}}");
            client.await("session.updated");
            client.say("Hello.").send("{\"type\":\"response.create\"}");
            client.await("response.done");
            comeBack(session);
            assertThat(client.closeCode()).isEqualTo(4409);
        }
        rig.assertQuiet("patient");
    }

    @ParameterizedTest
    @CsvSource({
        "?model=gpt-realtime, session.created",
        "?model=gpt-4o-realtime-preview, session.created",
        "?intent=transcription, transcription_session.created"
    })
    void comesBackAfterACloseCodeOfItsOwn(String query, String created) throws Exception {
        try (WireClient client = connect("patient", query)) {
            String session = client.await(created).at("/session/id").asText();
            client.socket().close((short) 4000);
            assertThat(client.closeCode()).isEqualTo(4000);
            try (WireClient back = connect("patient", "?session_id=" + session)) {
                assertThat(back.await(created).at("/session/id").asText()).isEqualTo(session);
            }
        }
        rig.assertQuiet("patient");
    }

    private static void comeBack(String session) throws Exception {
        try (WireClient back = connect("patient", "?session_id=" + session)) {
            back.await("response.done");
            back.say("And again.").send("{\"type\":\"response.create\"}");
            back.await("response.done");
            assertThat(back.types())
                    .contains("session.created", "response.text.delta", "conversation.item.created")
                    .doesNotContain("conversation.item.added", "response.output_text.delta");
            assertThat(Stream.of("session.created", "session.updated")
                            .map(type -> back.heard().stream()
                                    .filter(event -> event.path("type").asText().equals(type))
                                    .findFirst()
                                    .orElseThrow()))
                    .allSatisfy(
                            event -> assertThat(event.at("/session/temperature").isNumber())
                                    .isTrue());
        }
    }

    private static WireClient connect(String tenant, String query) throws Exception {
        WebSocketConnectOptions options = rig.upgrade(query)
                .addHeader("Authorization", "Bearer " + rig.token(tenant))
                .addHeader("OpenAI-Beta", "realtime=v1");
        return WireClient.connect(rig.vertx(), options);
    }
}
