package dev.parley.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.simulator.Booking;
import dev.parley.turn.TurnRig;
import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** The npm package {@code openai} 7.x, one of its WebSocket classes. */
abstract class NodeClientScenarios extends ClientScenarios {
    private static final String MODEL = "gpt-realtime";

    private final String clientClass;
    private final NodePlayer player;

    NodeClientScenarios(String clientClass) throws IOException {
        this.clientClass = clientClass;
        this.player = OpenAiClientsIT.player("ga", clientClass);
    }

    @Override
    final void text() throws Exception {
        JsonNode seen = play("text");

        assertThat(texts(seen.path("types"))).startsWith("session.created", "session.updated");
        assertThat(seen.path("responses")).hasSize(2);
        assertThat(seen.at("/responses/0/output/0/content/0/text").asText()).contains("Good morning.");
        assertThat(seen.at("/responses/1/output/0/content/0/text").asText()).contains("And how are you?");
        assertThat(billed()).hasSize(2);
    }

    @Override
    final void audio() throws Exception {
        JsonNode seen = play("audio");

        assertThat(texts(seen.path("types")))
                .containsSubsequence(
                        "input_audio_buffer.speech_started",
                        "input_audio_buffer.speech_stopped",
                        "input_audio_buffer.committed",
                        "response.created",
                        "response.output_audio.done",
                        "response.done",
                        "input_audio_buffer.speech_started",
                        "response.done");
        assertThat(seen.path("responses"))
                .hasSize(2)
                .allSatisfy(
                        response -> assertThat(response.path("status").asText()).isEqualTo("completed"));
        assertThat(seen.path("transcriptions")).hasSize(2);
        assertThat(seen.at("/transcriptions/0/transcript").asText()).startsWith("Hello there.");
        long audioTokens = StreamSupport.stream(seen.path("responses").spliterator(), false)
                .mapToLong(response ->
                        response.at("/usage/output_token_details/audio_tokens").asLong())
                .sum();
        assertThat(seen.path("audioBytes").asLong()).isEqualTo(audioTokens * 50 * 48);
        assertThat(billed()).hasSize(4);
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
        assertThat(texts(seen.path("types"))).contains("conversation.item.truncated");
        List<Booking> billed = billed();
        assertThat(billed).hasSize(1);
        assertThat(billed.getFirst().usage().output().audio())
                .as("charged for what was generated")
                .isPositive();
    }

    @Override
    final void transcription() throws Exception {
        JsonNode seen = play("transcription");

        assertThat(seen.at("/session/type").asText()).isEqualTo("transcription");
        assertThat(seen.at("/transcriptions/0/transcript").asText())
                .isEqualTo("Hello there. I have a question about the weather.");
        assertThat(seen.at("/transcriptions/0/usage/seconds").asDouble()).isEqualTo(3.9);
        assertThat(billed())
                .singleElement()
                .satisfies(booking -> assertThat(booking.model()).isEqualTo("gpt-live-transcribe"));
    }

    @Override
    final void secrets() throws Exception {
        JsonNode seen = play("secrets");

        assertThat(seen.at("/secret/value").asText()).startsWith("ek_");
        assertThat(seen.at("/secret/session/type").asText()).isEqualTo("realtime");
        assertThat(seen.at("/updated/instructions").asText()).isEqualTo("Speak like a pirate.");
        assertThat(texts(seen.at("/updated/output_modalities"))).containsExactly("text");
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

    @Test
    final void cannotTellThePoolModesApart() throws Exception {
        rig().script("{\"deltaIntervalMillis\":2}");
        List<String> session = withoutDeltas(play("turns"));
        String inTurnMode = tenant() + "-turn";
        TurnRig.inTurnMode(rig(), inTurnMode);
        List<String> turn = withoutDeltas(player.play("turns", MODEL, rig().token(inTurnMode)));
        rig().assertQuiet(inTurnMode);

        List<String> differences = IntStream.range(0, Math.max(session.size(), turn.size()))
                .filter(i -> i >= session.size()
                        || i >= turn.size()
                        || !session.get(i).equals(turn.get(i)))
                .mapToObj(i -> i + ": " + (i < session.size() ? session.get(i) : "nothing") + " / "
                        + (i < turn.size() ? turn.get(i) : "nothing"))
                .toList();
        System.out.println(clientClass + ", pool modes session / turn: " + session.size() + " / " + turn.size()
                + " events, diff of types and order: " + (differences.isEmpty() ? "empty" : differences));
        assertThat(turn).isEqualTo(session);
    }

    /** Plays it, and holds what must be true of every scenario. */
    private JsonNode play(String scenario) throws Exception {
        JsonNode seen = player.play(scenario, MODEL, rig().token(tenant()));
        assertSettled();
        assertThat(seen.path("errors")).isEmpty();
        assertThat(texts(seen.path("types")).stream()
                        .filter("session.created"::equals)
                        .count())
                .isEqualTo(1);
        assertThat(seen.at("/end/code").asInt()).isEqualTo(1000);
        assertThat(billed())
                .allSatisfy(booking -> assertThat(booking.delivered()).isTrue());
        return seen;
    }

    /** How deltas of audio and of its transcript alternate is the clock's affair. */
    private static List<String> withoutDeltas(JsonNode seen) {
        return texts(seen.path("types")).stream()
                .filter(type -> !type.endsWith(".delta"))
                .toList();
    }
}
