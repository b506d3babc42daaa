package dev.parley.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.errorprone.annotations.MustBeClosed;
import com.openai.client.okhttp.OkHttpClient;
import com.openai.core.ClientOptions;
import com.openai.core.ObjectMappers;
import com.openai.core.http.WebSocketWriteNotAttempted;
import com.openai.helpers.RealtimeConnection;
import com.openai.helpers.RealtimeWebSocketOptions;
import com.openai.models.realtime.RealtimeClientEvent;
import com.openai.models.realtime.RealtimeResponse;
import com.openai.models.realtime.RealtimeResponseUsage;
import com.openai.models.realtime.RealtimeServerEvent;
import dev.parley.gateway.BrokerRig;
import dev.parley.simulator.Booking;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code com.openai:openai-java} against a whole broker on the simulator. */
class OpenAiJavaClientIT {
    private static final String TENANT = "java";

    private BrokerRig rig;

    @BeforeEach
    void start() throws Exception {
        rig = new BrokerRig().tenant(TENANT);
    }

    @AfterEach
    void stop() {
        rig.close();
    }

    @Test
    void holdsATextConversation() throws Exception {
        RealtimeResponse response;
        try (RealtimeConnection connection =
                connect(RealtimeWebSocketOptions.builder().model("gpt-realtime"))) {
            await(connection, RealtimeServerEvent::isSessionCreated);
            send(
                    connection,
                    "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"output_modalities\":[\"text\"]}}");
            await(connection, RealtimeServerEvent::isSessionUpdated);
            send(
                    connection,
                    "{\"type\":\"conversation.item.create\",\"item\":{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"Good morning.\"}]}}");
            send(connection, "{\"type\":\"response.create\"}");
            response = await(connection, RealtimeServerEvent::isResponseDone)
                    .asResponseDone()
                    .response();
        }
        rig.assertQuiet(TENANT);

        Booking booking = rig.simulator().books().responses().getFirst();
        RealtimeResponseUsage usage = response.usage().orElseThrow();
        assertThat(response.id()).hasValue(booking.id());
        assertThat(usage.inputTokens()).hasValue((long) booking.usage().input().total());
        assertThat(usage.outputTokens())
                .hasValue((long) booking.usage().output().total());
        LedgerRows.assertEqualTo(rig.simulator().books().all(), rig, TENANT);
    }

    @Test
    void holdsASpokenConversation() throws Exception {
        long audioBytes = 0;
        try (RealtimeConnection connection =
                connect(RealtimeWebSocketOptions.builder().model("gpt-realtime"))) {
            await(connection, RealtimeServerEvent::isSessionCreated);
            send(
                    connection,
                    "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"audio\":{\"input\":{\"turn_detection\":{\"type\":\"server_vad\",\"silence_duration_ms\":500}}}}}");
            byte[] sentence = Arrays.copyOf(rig.simulator().recording(), 48 * 3_900);
            for (int at = 0; at < sentence.length; at += 4_800) {
                byte[] piece = Arrays.copyOfRange(sentence, at, Math.min(sentence.length, at + 4_800));
                send(
                        connection,
                        "{\"type\":\"input_audio_buffer.append\",\"audio\":\""
                                + Base64.getEncoder().encodeToString(piece) + "\"}");
            }
            await(connection, RealtimeServerEvent::isInputAudioBufferSpeechStarted);
            await(connection, RealtimeServerEvent::isInputAudioBufferCommitted);
            while (true) {
                RealtimeServerEvent event =
                        await(connection, next -> next.isResponseOutputAudioDelta() || next.isResponseDone());
                if (event.isResponseDone()) {
                    break;
                }
                audioBytes += Base64.getDecoder()
                        .decode(event.asResponseOutputAudioDelta().delta())
                        .length;
            }
        }
        rig.assertQuiet(TENANT);

        List<Booking> billed = rig.simulator().books().all();
        assertThat(billed).hasSize(1);
        assertThat(audioBytes).isEqualTo(billed.getFirst().usage().output().audio() * 50L * 48);
        LedgerRows.assertEqualTo(billed, rig, TENANT);
    }

    @Test
    void transcribes() throws Exception {
        String transcript;
        try (RealtimeConnection connection =
                connect(RealtimeWebSocketOptions.builder().transcription())) {
            await(connection, RealtimeServerEvent::isSessionCreated);
            send(
                    connection,
                    "{\"type\":\"session.update\",\"session\":{\"type\":\"transcription\",\"audio\":{\"input\":{\"transcription\":{\"model\":\"gpt-4o-transcribe\"},\"turn_detection\":null}}}}");
            String audio = Base64.getEncoder()
                    .encodeToString(Arrays.copyOf(rig.simulator().recording(), 48 * 3_900));
            send(connection, "{\"type\":\"input_audio_buffer.append\",\"audio\":\"" + audio + "\"}");
            send(connection, "{\"type\":\"input_audio_buffer.commit\"}");
            transcript = await(connection, RealtimeServerEvent::isConversationItemInputAudioTranscriptionCompleted)
                    .asConversationItemInputAudioTranscriptionCompleted()
                    .transcript();
        }
        rig.assertQuiet(TENANT);

        assertThat(transcript).isEqualTo("Hello there. I have a question about the weather.");
        LedgerRows.assertEqualTo(rig.simulator().books().all(), rig, TENANT);
    }

    @MustBeClosed
    private RealtimeConnection connect(RealtimeWebSocketOptions.Builder target) {
        ClientOptions options = ClientOptions.builder()
                .httpClient(OkHttpClient.builder().build())
                .apiKey(rig.token(TENANT))
                .baseUrl("http://127.0.0.1:" + rig.port() + "/v1")
                .build();
        return RealtimeConnection.connect(options, target.build());
    }

    /** The client takes one event at a time: it refuses the next one until the last is on the wire. */
    private static void send(RealtimeConnection connection, String json) throws Exception {
        RealtimeClientEvent event = ObjectMappers.jsonMapper().readValue(json, RealtimeClientEvent.class);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (true) {
            try {
                connection.send(event);
                return;
            } catch (WebSocketWriteNotAttempted.Busy busy) {
                if (System.nanoTime() > deadline) {
                    throw busy;
                }
                LockSupport.parkNanos(1_000_000);
            }
        }
    }

    private static RealtimeServerEvent await(RealtimeConnection connection, Predicate<RealtimeServerEvent> wanted)
            throws Exception {
        while (true) {
            RealtimeServerEvent event = connection.receiveAsync().get(20, TimeUnit.SECONDS);
            assertThat(event.isError()).as("%s", event).isFalse();
            if (wanted.test(event)) {
                return event;
            }
        }
    }
}
