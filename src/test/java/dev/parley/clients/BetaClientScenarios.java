package dev.parley.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.simulator.Booking;
import dev.parley.turn.TurnRig;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The npm package {@code openai} 4.104, which speaks the beta, one of its WebSocket classes, against a GA upstream. */
abstract class BetaClientScenarios extends ClientScenarios {
    private static final String ASKED = "gpt-4o-realtime-preview-2024-12-17";
    private static final String RESOLVED = "gpt-realtime-1.5";

    private final NodePlayer player;

    BetaClientScenarios(String clientClass) throws IOException {
        this.player = OpenAiClientsIT.player("beta", clientClass);
    }

    /** On a model that is gone. */
    @Override
    final void text() throws Exception {
        JsonNode seen = play("text");

        assertThat(seen.at("/created/temperature").decimalValue()).isEqualByComparingTo("0.8");
        assertThat(seen.at("/updated/temperature").decimalValue()).isEqualByComparingTo("0.7");
        assertThat(texts(seen.at("/updated/modalities"))).containsExactly("text");
        assertThat(seen.path("created").has("audio")).isFalse();
        assertThat(seen.path("responses")).hasSize(2);
        assertThat(seen.at("/responses/0/output/0/content/0/type").asText()).isEqualTo("text");
        assertThat(seen.at("/responses/0/output/0/content/0/text").asText()).contains("Good morning.");
        assertThat(seen.at("/responses/1/max_output_tokens").asInt()).isEqualTo(200);
        assertThat(texts(seen.path("types"))).contains("response.text.delta", "response.text.done");
        assertThat(rig().database()
                        .query("select string_agg(distinct concat_ws(' ', model_asked, model_resolved,"
                                + " model_reported, kind), ',') from usage_entry where tenant_id = '" + tenant() + "'"))
                .isEqualTo(ASKED + ' ' + RESOLVED + ' ' + RESOLVED + " usage");
    }

    @Override
    final void audio() throws Exception {
        JsonNode seen = play("audio");

        assertThat(seen.at("/updated/voice").asText()).isEqualTo("verse");
        assertThat(seen.at("/updated/turn_detection/silence_duration_ms").asInt())
                .isEqualTo(500);
        assertThat(texts(seen.path("types")))
                .containsSubsequence(
                        "input_audio_buffer.speech_started",
                        "input_audio_buffer.speech_stopped",
                        "input_audio_buffer.committed",
                        "conversation.item.created",
                        "response.created",
                        "response.output_item.added",
                        "conversation.item.created",
                        "response.content_part.added",
                        "response.audio.done",
                        "response.audio_transcript.done",
                        "response.content_part.done",
                        "response.output_item.done",
                        "response.done");
        assertThat(seen.at("/responses/0/voice").asText()).isEqualTo("verse");
        assertThat(seen.at("/responses/0/output_audio_format").asText()).isEqualTo("pcm16");
        assertThat(texts(seen.at("/responses/0/modalities"))).containsExactly("text", "audio");
        assertThat(seen.at("/responses/0/output/0/content/0/type").asText()).isEqualTo("audio");
        assertThat(texts(seen.path("partTypes"))).containsOnly("audio");
        long audioTokens =
                seen.at("/responses/0/usage/output_token_details/audio_tokens").asLong();
        assertThat(seen.path("audioBytes").asLong()).isPositive().isEqualTo(audioTokens * 50 * 48);
        assertThat(seen.path("transcriptions")).isNotEmpty();
    }

    @Override
    final void function() throws Exception {
        JsonNode seen = play("function");

        assertThat(seen.at("/responses/0/output/0/name").asText()).isEqualTo("get_weather");
        assertThat(seen.at("/responses/0/output/0/arguments").asText()).isEqualTo("{\"city\":\"Lyon\"}");
        assertThat(seen.at("/responses/1/output/0/content/0/text").asText()).contains("{\"celsius\":21}");
        assertThat(billed()).hasSize(2);
    }

    @Override
    final void interruption() throws Exception {
        JsonNode seen = play("interruption");

        assertThat(seen.at("/responses/0/status").asText()).isEqualTo("cancelled");
        assertThat(seen.at("/responses/0/status_details/reason").asText()).isEqualTo("turn_detected");
        assertThat(seen.at("/responses/0/output/0/content/0/type").asText()).isEqualTo("audio");
        assertThat(texts(seen.path("types"))).contains("response.audio.delta", "conversation.item.truncated");
        List<Booking> billed = billed();
        assertThat(billed).hasSize(1);
        assertThat(billed.getFirst().usage().output().audio())
                .as("charged for what was generated")
                .isPositive();
    }

    @Override
    final void transcription() throws Exception {
        JsonNode seen = play("transcription");

        assertThat(seen.at("/created/object").asText()).isEqualTo("realtime.transcription_session");
        assertThat(seen.path("created").has("audio")).isFalse();
        assertThat(seen.at("/updated/input_audio_format").asText()).isEqualTo("pcm16");
        assertThat(seen.at("/updated/input_audio_transcription/model").asText()).isEqualTo("gpt-4o-transcribe");
        assertThat(seen.at("/transcriptions/0/transcript").asText())
                .isEqualTo("Hello there. I have a question about the weather.");
        assertThat(billed())
                .singleElement()
                .satisfies(booking -> assertThat(booking.model()).isEqualTo("gpt-4o-transcribe"));
    }

    @Override
    final void secrets() throws Exception {
        JsonNode seen = play("secrets");

        assertThat(seen.at("/secret/client_secret/value").asText()).startsWith("ek_");
        assertThat(texts(seen.at("/secret/modalities"))).containsExactly("text");
        assertThat(seen.at("/updated/instructions").asText()).isEqualTo("Speak like a pirate.");
        assertThat(texts(seen.at("/updated/modalities"))).containsExactly("text");
        assertThat(seen.at("/responses/0/output/0/content/0/text").asText()).contains("Good morning.");
        assertThat(billed()).hasSize(1);
    }

    @Override
    final void resume() throws Exception {
        JsonNode seen = play("resume");

        assertThat(seen.path("reconnected").asInt()).isEqualTo(1);
        assertThat(texts(seen.path("ids"))).doesNotHaveDuplicates();
        assertThat(texts(seen.path("types"))).doesNotContain("parley.discontinuity");
        assertThat(seen.path("responses"))
                .hasSize(2)
                .allSatisfy(
                        response -> assertThat(response.path("status").asText()).isEqualTo("completed"));
        assertThat(seen.path("texts").asText())
                .isEqualTo(seen.at("/responses/0/output/0/content/0/text").asText()
                        + seen.at("/responses/1/output/0/content/0/text").asText());
        assertThat(billed()).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"text", "function"})
    final void cannotTellThePoolModesApart(String scenario) throws Exception {
        List<String> session = withoutDeltas(player.play(scenario, ASKED, rig().token(tenant())));
        String turn = tenant() + "-turn";
        TurnRig.inTurnMode(rig(), turn);

        assertThat(withoutDeltas(player.play(scenario, ASKED, rig().token(turn))))
                .isEqualTo(session);
        rig().assertQuiet(turn);
    }

    /** Plays it, and holds what strict beta clients need of every scenario. */
    private JsonNode play(String scenario) throws Exception {
        JsonNode seen = player.play(scenario, ASKED, rig().token(tenant()));
        assertSettled();
        assertThat(seen.path("errors")).isEmpty();
        assertThat(seen.path("withoutEventId").asInt()).isZero();
        assertThat(seen.path("itemsWithoutObject").asInt()).isZero();
        String session = scenario.equals("transcription") ? "transcription_session" : "session";
        assertThat(texts(seen.path("types")))
                .startsWith(session + ".created", session + ".updated")
                .doesNotContain("conversation.item.added", "conversation.item.done")
                .noneMatch(type -> type.startsWith("response.output_text") || type.startsWith("response.output_audio"));
        assertThat(texts(seen.path("allTypes"))).containsOnlyOnce(session + ".created");
        assertThat(seen.at("/end/code").asInt()).isEqualTo(1000);
        assertThat(billed())
                .allSatisfy(booking -> assertThat(booking.delivered()).isTrue());
        return seen;
    }

    private static List<String> withoutDeltas(JsonNode seen) {
        return texts(seen.path("allTypes")).stream()
                .filter(type -> !type.endsWith(".delta") && !type.equals("rate_limits.updated"))
                .toList();
    }
}
