package dev.parley.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.gateway.BrokerRig;
import dev.parley.simulator.Booking;
import dev.parley.tenancy.PoolMode;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The npm package {@code openai}, both of its WebSocket classes, against a whole broker on the simulator. */
class OpenAiNodeClientIT {
    private static final String WS = "OpenAIRealtimeWS";
    private static final String WEB_SOCKET = "OpenAIRealtimeWebSocket";
    private static final String MODEL = "gpt-realtime";

    private static BrokerRig rig;
    private static int tenants;

    private String tenant = "";
    private Set<Long> before = Set.of();

    @BeforeAll
    static void start() throws Exception {
        NodeScenario.install();
        rig = new BrokerRig();
    }

    @AfterAll
    static void stop() {
        rig.close();
    }

    @BeforeEach
    void newTenant() {
        tenant = "node-" + ++tenants;
        rig.tenant(tenant);
        rig.simulator().scripts().clear();
        before = rig.simulator().books().all().stream().map(Booking::sequence).collect(Collectors.toSet());
    }

    @ParameterizedTest
    @ValueSource(strings = {WS, WEB_SOCKET})
    void holdsATextConversation(String clientClass) throws Exception {
        JsonNode seen = play("text", clientClass);

        assertThat(texts(seen.path("types"))).startsWith("session.created", "session.updated");
        assertThat(seen.path("responses")).hasSize(2);
        assertThat(seen.at("/responses/0/output/0/content/0/text").asText()).contains("Good morning.");
        assertThat(seen.at("/responses/1/output/0/content/0/text").asText()).contains("And how are you?");
        assertThat(billed()).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {WS, WEB_SOCKET})
    void holdsASpokenConversation(String clientClass) throws Exception {
        JsonNode seen = play("audio", clientClass);

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

    @ParameterizedTest
    @ValueSource(strings = {WS, WEB_SOCKET})
    void callsAFunction(String clientClass) throws Exception {
        JsonNode seen = play("function", clientClass);

        assertThat(seen.at("/responses/0/output/0/name").asText()).isEqualTo("get_weather");
        assertThat(seen.at("/responses/0/output/0/arguments").asText()).isEqualTo("{\"city\":\"Lyon\"}");
        assertThat(seen.at("/responses/1/output/0/content/0/text").asText()).contains("{\"celsius\":21}");
        assertThat(billed()).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {WS, WEB_SOCKET})
    void interruptsAnAnswer(String clientClass) throws Exception {
        rig.script("{\"outputTokens\":600,\"deltaIntervalMillis\":20}");
        JsonNode seen = play("interruption", clientClass);

        assertThat(seen.at("/responses/0/status").asText()).isEqualTo("cancelled");
        assertThat(seen.at("/responses/0/status_details/reason").asText()).isEqualTo("turn_detected");
        assertThat(texts(seen.path("types"))).contains("conversation.item.truncated");
        List<Booking> billed = billed();
        assertThat(billed).hasSize(1);
        assertThat(billed.getFirst().usage().output().audio())
                .as("charged for what was generated")
                .isPositive();
    }

    @ParameterizedTest
    @ValueSource(strings = {WS, WEB_SOCKET})
    void cannotTellThePoolModesApart(String clientClass) throws Exception {
        rig.script("{\"deltaIntervalMillis\":2}");
        List<String> session = withoutDeltas(play("turns", clientClass));
        String inTurnMode = tenant + "-turn";
        rig.tenant(inTurnMode, made -> made.withOwn(made.own().withPoolMode(PoolMode.TURN)));
        List<String> turn =
                withoutDeltas(NodeScenario.play("turns", clientClass, MODEL, rig.port(), rig.token(inTurnMode)));

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

    @ParameterizedTest
    @ValueSource(strings = {WS, WEB_SOCKET})
    void transcribes(String clientClass) throws Exception {
        JsonNode seen = play("transcription", clientClass);

        assertThat(seen.at("/session/type").asText()).isEqualTo("transcription");
        assertThat(seen.at("/transcriptions/0/transcript").asText())
                .isEqualTo("Hello there. I have a question about the weather.");
        assertThat(seen.at("/transcriptions/0/usage/seconds").asDouble()).isEqualTo(3.9);
        assertThat(billed())
                .singleElement()
                .satisfies(booking -> assertThat(booking.model()).isEqualTo("gpt-live-transcribe"));
    }

    /** Plays it, and holds what must be true of every scenario. */
    private JsonNode play(String scenario, String clientClass) throws Exception {
        JsonNode seen = NodeScenario.play(scenario, clientClass, MODEL, rig.port(), rig.token(tenant));
        rig.assertQuiet(tenant);
        assertThat(seen.path("errors")).isEmpty();
        assertThat(texts(seen.path("types")).stream()
                        .filter("session.created"::equals)
                        .count())
                .isEqualTo(1);
        assertThat(seen.at("/end/code").asInt()).isEqualTo(1000);
        LedgerRows.assertEqualTo(billed(), rig, tenant);
        assertThat(billed())
                .allSatisfy(booking -> assertThat(booking.delivered()).isTrue());
        return seen;
    }

    /** What the simulator billed in this test. */
    private List<Booking> billed() {
        return rig.simulator().books().all().stream()
                .filter(booking -> !before.contains(booking.sequence()))
                .toList();
    }

    /** How deltas of audio and of its transcript alternate is the clock's affair. */
    private static List<String> withoutDeltas(JsonNode seen) {
        return texts(seen.path("types")).stream()
                .filter(type -> !type.endsWith(".delta"))
                .toList();
    }

    private static List<String> texts(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .map(JsonNode::asText)
                .toList();
    }
}
