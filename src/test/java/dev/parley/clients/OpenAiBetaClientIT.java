package dev.parley.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.gateway.BrokerRig;
import dev.parley.tenancy.PoolMode;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The npm package {@code openai} 4.104, which speaks the beta, both of its WebSocket classes, against a GA upstream. */
class OpenAiBetaClientIT {
    private static final String WS = "OpenAIRealtimeWS";
    private static final String WEB_SOCKET = "OpenAIRealtimeWebSocket";
    private static final String ASKED = "gpt-4o-realtime-preview-2024-12-17";
    private static final String RESOLVED = "gpt-realtime-1.5";

    private static BrokerRig rig;
    private static int tenants;

    private String tenant = "";

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
        tenant = "beta-" + ++tenants;
        rig.tenant(tenant);
    }

    @ParameterizedTest
    @ValueSource(strings = {WS, WEB_SOCKET})
    void holdsATextConversationOnAModelThatIsGone(String clientClass) throws Exception {
        JsonNode seen = play("text", clientClass);

        assertThat(seen.at("/created/temperature").decimalValue()).isEqualByComparingTo("0.8");
        assertThat(seen.at("/updated/temperature").decimalValue()).isEqualByComparingTo("0.7");
        assertThat(texts(seen.at("/updated/modalities"))).containsExactly("text");
        assertThat(seen.path("created").has("audio")).isFalse();
        assertThat(seen.path("responses")).hasSize(2);
        assertThat(seen.at("/responses/0/output/0/content/0/type").asText()).isEqualTo("text");
        assertThat(seen.at("/responses/0/output/0/content/0/text").asText()).contains("Good morning.");
        assertThat(seen.at("/responses/1/max_output_tokens").asInt()).isEqualTo(200);
        assertThat(texts(seen.path("types"))).contains("response.text.delta", "response.text.done");
        assertThat(rig.database()
                        .query("select string_agg(distinct concat_ws(' ', model_asked, model_resolved,"
                                + " model_reported, kind), ',') from usage_entry where tenant_id = '" + tenant + "'"))
                .isEqualTo(ASKED + ' ' + RESOLVED + ' ' + RESOLVED + " usage");
    }

    @ParameterizedTest
    @ValueSource(strings = {WS, WEB_SOCKET})
    void holdsASpokenConversation(String clientClass) throws Exception {
        JsonNode seen = play("audio", clientClass);

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

    @Test
    void callsAFunction() throws Exception {
        JsonNode seen = play("function", WS);

        assertThat(seen.at("/responses/0/output/0/name").asText()).isEqualTo("get_weather");
        assertThat(seen.at("/responses/1/output/0/content/0/text").asText()).contains("{\"celsius\":21}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"text", "function"})
    void cannotTellThePoolModesApart(String scenario) throws Exception {
        List<String> session = withoutDeltas(NodeScenario.playBeta(scenario, WS, ASKED, rig.port(), rig.token(tenant)));
        String turn = tenant + "-turn";
        rig.tenant(turn, made -> made.withOwn(made.own().withPoolMode(PoolMode.TURN)));

        assertThat(withoutDeltas(NodeScenario.playBeta(scenario, WS, ASKED, rig.port(), rig.token(turn))))
                .isEqualTo(session);
    }

    /** Plays it, and holds what strict beta clients need of every scenario. */
    private JsonNode play(String scenario, String clientClass) throws Exception {
        JsonNode seen = NodeScenario.playBeta(scenario, clientClass, ASKED, rig.port(), rig.token(tenant));
        BrokerRig.eventually("usage is written", () -> rig.ledger().placesTaken() == 0);
        assertThat(seen.path("errors")).isEmpty();
        assertThat(seen.path("withoutEventId").asInt()).isZero();
        assertThat(seen.path("itemsWithoutObject").asInt()).isZero();
        assertThat(texts(seen.path("types")))
                .startsWith("session.created", "session.updated")
                .doesNotContain("conversation.item.added", "conversation.item.done")
                .noneMatch(type -> type.startsWith("response.output_text") || type.startsWith("response.output_audio"));
        assertThat(seen.at("/end/code").asInt()).isEqualTo(1000);
        return seen;
    }

    private static List<String> withoutDeltas(JsonNode seen) {
        return texts(seen.path("allTypes")).stream()
                .filter(type -> !type.endsWith(".delta") && !type.equals("rate_limits.updated"))
                .toList();
    }

    private static List<String> texts(JsonNode list) {
        Stream<JsonNode> nodes = StreamSupport.stream(list.spliterator(), false);
        return nodes.map(JsonNode::asText).toList();
    }
}
