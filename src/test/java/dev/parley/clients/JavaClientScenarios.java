package dev.parley.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.MustBeClosed;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OkHttpClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.ClientOptions;
import com.openai.helpers.RealtimeWebSocketOptions;
import com.openai.models.realtime.RealtimeResponse;
import com.openai.models.realtime.RealtimeResponseUsage;
import com.openai.models.realtime.RealtimeServerEvent;
import com.openai.models.realtime.RealtimeSessionCreateRequest;
import com.openai.models.realtime.clientsecrets.ClientSecretCreateParams;
import com.openai.models.realtime.clientsecrets.ClientSecretCreateResponse;
import dev.parley.simulator.Booking;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;

/** {@code com.openai:openai-java}. */
abstract class JavaClientScenarios extends ClientScenarios {
    private static final String MODEL = "gpt-realtime";
    private static final String TEXT = "\"output_modalities\":[\"text\"]";
    private static final String VOICE_ACTIVITY =
            "\"audio\":{\"input\":{\"turn_detection\":{\"type\":\"server_vad\",\"silence_duration_ms\":500}}}";
    private static final int SENTENCE_MILLIS = 3_900;

    @Override
    final void text() throws Exception {
        RealtimeResponse response;
        try (JavaConversation client = connect()) {
            client.update(TEXT);
            client.say("Good morning.");
            client.send("{\"type\":\"response.create\"}");
            response = responded(client);
        }
        assertSettled();

        Booking booking = onlyBooking();
        RealtimeResponseUsage usage = response.usage().orElseThrow();
        assertThat(response.id()).hasValue(booking.id());
        assertThat(usage.inputTokens()).hasValue((long) booking.usage().input().total());
        assertThat(usage.outputTokens())
                .hasValue((long) booking.usage().output().total());
    }

    @Override
    final void audio() throws Exception {
        long audioBytes = 0;
        try (JavaConversation client = connect()) {
            client.update(VOICE_ACTIVITY);
            client.speak(spoken(SENTENCE_MILLIS));
            client.await(RealtimeServerEvent::isInputAudioBufferSpeechStarted);
            client.await(RealtimeServerEvent::isInputAudioBufferCommitted);
            responded(client);
            for (JsonNode delta : client.heard("response.output_audio.delta")) {
                audioBytes += Base64.getDecoder().decode(delta.path("delta").asText()).length;
            }
        }
        assertSettled();

        assertThat(audioBytes).isEqualTo(onlyBooking().usage().output().audio() * 50L * 48);
    }

    @Override
    final void function() throws Exception {
        RealtimeResponse called;
        RealtimeResponse answered;
        try (JavaConversation client = connect()) {
            client.update(
                    TEXT + ",\"tools\":[{\"type\":\"function\",\"name\":\"get_weather\",\"parameters\":"
                            + "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}},\"required\":[\"city\"]}}]");
            client.say("What is the weather in Lyon?");
            client.send("{\"type\":\"response.create\"}");
            called = responded(client);
            client.send(
                    "{\"type\":\"conversation.item.create\",\"item\":{\"type\":\"function_call_output\",\"call_id\":\""
                            + called.output()
                                    .orElseThrow()
                                    .getFirst()
                                    .asFunctionCall()
                                    .callId()
                                    .orElseThrow()
                            + "\",\"output\":\"{\\\"celsius\\\":21}\"}}");
            client.send("{\"type\":\"response.create\"}");
            answered = responded(client);
        }
        assertSettled();

        assertThat(called.output().orElseThrow().getFirst().asFunctionCall().name())
                .isEqualTo("get_weather");
        assertThat(called.output().orElseThrow().getFirst().asFunctionCall().arguments())
                .isEqualTo("{\"city\":\"Lyon\"}");
        assertThat(said(answered)).contains("{\"celsius\":21}");
        assertThat(billed()).hasSize(2);
    }

    @Override
    final void interruption() throws Exception {
        RealtimeResponse response;
        try (JavaConversation client = connect()) {
            client.update(VOICE_ACTIVITY);
            client.say("Tell me a very long story.");
            client.send("{\"type\":\"response.create\"}");
            client.await(RealtimeServerEvent::isResponseOutputAudioDelta);
            client.speak(spoken(2_000));
            client.await(RealtimeServerEvent::isInputAudioBufferSpeechStarted);
            response = responded(client);
            client.send(
                    "{\"type\":\"conversation.item.truncate\",\"content_index\":0,\"audio_end_ms\":100,\"item_id\":\""
                            + response.output()
                                    .orElseThrow()
                                    .getFirst()
                                    .asRealtimeConversationItemAssistantMessage()
                                    .id()
                                    .orElseThrow()
                            + "\"}");
            client.await(RealtimeServerEvent::isConversationItemTruncated);
        }
        assertSettled();

        assertThat(response.status()).hasValue(RealtimeResponse.Status.CANCELLED);
        assertThat(response.statusDetails().orElseThrow().reason().orElseThrow())
                .hasToString("turn_detected");
        assertThat(onlyBooking().usage().output().audio())
                .as("charged for what was generated")
                .isPositive();
    }

    @Override
    final void transcription() throws Exception {
        String transcript;
        try (JavaConversation client = new JavaConversation(
                options(rig().token(tenant())),
                RealtimeWebSocketOptions.builder().transcription().build())) {
            client.send(
                    "{\"type\":\"session.update\",\"session\":{\"type\":\"transcription\",\"audio\":{\"input\":{\"transcription\":{\"model\":\"gpt-4o-transcribe\"},\"turn_detection\":null}}}}");
            String audio = Base64.getEncoder().encodeToString(spoken(SENTENCE_MILLIS));
            client.send("{\"type\":\"input_audio_buffer.append\",\"audio\":\"" + audio + "\"}");
            client.send("{\"type\":\"input_audio_buffer.commit\"}");
            transcript = client.await(RealtimeServerEvent::isConversationItemInputAudioTranscriptionCompleted)
                    .asConversationItemInputAudioTranscriptionCompleted()
                    .transcript();
        }
        assertSettled();

        assertThat(transcript).isEqualTo("Hello there. I have a question about the weather.");
    }

    @Override
    final void secrets() throws Exception {
        ClientSecretCreateResponse secret = secret();
        assertThat(secret.value()).startsWith("ek_");
        RealtimeResponse response;
        JsonNode settings;
        try (JavaConversation client = new JavaConversation(options(secret.value()), target().build())) {
            client.await(RealtimeServerEvent::isSessionUpdated);
            settings = client.heard("session.updated").getFirst().path("session");
            client.say("Good morning.");
            client.send("{\"type\":\"response.create\"}");
            response = responded(client);
        }
        assertSettled();

        assertThat(settings.path("instructions").asText()).isEqualTo("Speak like a pirate.");
        assertThat(said(response)).contains("Good morning.");
        assertThat(billed()).hasSize(1);
    }

    /** By the client's own {@code reconnect}, with the session's place among its options. */
    @Override
    final void resume() throws Exception {
        List<JsonNode> heard;
        RealtimeResponse first;
        RealtimeResponse second;
        try (JavaConversation client = connect()) {
            client.update(TEXT);
            client.say("Tell me a very long story.");
            client.send("{\"type\":\"response.create\"}");
            client.await(RealtimeServerEvent::isResponseOutputTextDelta);
            client.reconnect(target().putQueryParam(
                            "session_id",
                            client.heard().getFirst().at("/session/id").asText())
                    .putQueryParam(
                            "last_event_id",
                            client.heard().getLast().path("event_id").asText())
                    .build());
            first = responded(client);
            client.say("And how are you?");
            client.send("{\"type\":\"response.create\"}");
            second = responded(client);
            heard = client.heard();
            assertThat(texts(client, "response.output_text.delta")).isEqualTo(said(first) + said(second));
        }
        // The client closes its socket without a goodbye, so its session would wait for it.
        rig().registry().endAll(Duration.ofSeconds(1));
        assertSettled();

        assertThat(heard.stream().map(event -> event.path("event_id").asText())).doesNotHaveDuplicates();
        assertThat(heard.stream().map(event -> event.path("type").asText()))
                .containsOnlyOnce("session.created")
                .doesNotContain("parley.discontinuity");
        assertThat(List.of(first, second))
                .allSatisfy(response -> assertThat(response.status()).hasValue(RealtimeResponse.Status.COMPLETED));
        assertThat(billed()).hasSize(2);
    }

    private static String texts(JavaConversation client, String type) {
        return client.heard(type).stream()
                .map(event -> event.path("delta").asText())
                .collect(Collectors.joining());
    }

    private Booking onlyBooking() {
        List<Booking> billed = billed();
        assertThat(billed).hasSize(1);
        return billed.getFirst();
    }

    private byte[] spoken(int millis) {
        return Arrays.copyOf(rig().simulator().recording(), 48 * millis);
    }

    private ClientSecretCreateResponse secret() {
        OpenAIClient http = OpenAIOkHttpClient.builder()
                .apiKey(rig().token(tenant()))
                .baseUrl(baseUrl())
                .build();
        try {
            return http.realtime()
                    .clientSecrets()
                    .create(ClientSecretCreateParams.builder()
                            .session(RealtimeSessionCreateRequest.builder()
                                    .model(MODEL)
                                    .instructions("Speak like a pirate.")
                                    .addOutputModality(RealtimeSessionCreateRequest.OutputModality.TEXT)
                                    .build())
                            .build());
        } finally {
            http.close();
        }
    }

    @MustBeClosed
    private JavaConversation connect() throws Exception {
        return new JavaConversation(options(rig().token(tenant())), target().build());
    }

    private static RealtimeWebSocketOptions.Builder target() {
        return RealtimeWebSocketOptions.builder().model(MODEL);
    }

    private ClientOptions options(String credential) {
        return ClientOptions.builder()
                .httpClient(OkHttpClient.builder().build())
                .apiKey(credential)
                .baseUrl(baseUrl())
                .build();
    }

    private String baseUrl() {
        return "http://127.0.0.1:" + rig().port() + "/v1";
    }

    private static RealtimeResponse responded(JavaConversation client) throws Exception {
        return client.await(RealtimeServerEvent::isResponseDone)
                .asResponseDone()
                .response();
    }

    private static String said(RealtimeResponse response) {
        return response.output()
                .orElseThrow()
                .getFirst()
                .asRealtimeConversationItemAssistantMessage()
                .content()
                .getFirst()
                .text()
                .orElseThrow();
    }
}
