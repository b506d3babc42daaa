package dev.parley.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.dialect.Dialect.Translation;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BetaDialectTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Path TRANSCRIPTS = Path.of("src/test/resources/dialect");
    private static final ModelAlias ALIAS = new ModelAlias("gpt-4o-realtime-preview", "gpt-realtime-1.5");

    /** The two files tell one conversation line by line: what a beta client says and hears, and what GA has in its place. */
    @ParameterizedTest
    @ValueSource(strings = {"conversation", "transcription", "byhand", "byhand-transcription"})
    void translatesARecordedConversationBothWays(String name) throws IOException {
        List<JsonNode> beta = transcript(name + ".beta.jsonl");
        List<JsonNode> ga = transcript(name + ".ga.jsonl");
        BetaDialect dialect = new BetaDialect(name.endsWith("transcription"), ALIAS);
        assertThat(beta).hasSameSizeAs(ga);

        for (int line = 0; line < beta.size(); line++) {
            boolean client = beta.get(line).path("from").asText().equals("client");
            JsonNode said = (client ? beta : ga).get(line).path("event");
            JsonNode expected = (client ? ga : beta).get(line).path("event");
            Buffer utf8 = Buffer.buffer(MAPPER.writeValueAsBytes(said));
            Translation translation = client ? dialect.fromClient(utf8) : dialect.toClient(utf8);

            assertThat(read(outcome(translation, utf8)))
                    .as(name + ", line " + (line + 1))
                    .isEqualTo(expected);
            if (said.equals(expected)) {
                assertThat(translation).isEqualTo(Translation.UNCHANGED);
            }
        }
    }

    @Test
    void keepsAbsentAndNullApart() {
        assertThat(fromClient("{\"type\":\"session.update\",\"session\":{\"instructions\":\"x\"}}"))
                .isEqualTo("{\"type\":\"session.update\",\"session\":{\"instructions\":\"x\",\"type\":\"realtime\"}}");
        assertThat(fromClient("{\"type\":\"session.update\",\"session\":{\"turn_detection\":null}}"))
                .isEqualTo("{\"type\":\"session.update\",\"session\":{\"audio\":{\"input\":{\"turn_detection\":null}},"
                        + "\"type\":\"realtime\"}}");
    }

    @Test
    void keepsUnknownFieldsAndTheFormOfNumbers() {
        assertThat(
                        fromClient(
                                "{\"type\":\"session.update\",\"new\":1.50,\"session\":{\"speed\":1.0,\"beyond\":{\"a\":[1e3,-0.10]}}}"))
                .contains("\"new\":1.50", "\"speed\":1.0", "\"beyond\":{\"a\":[1E+3,-0.10]}");
        assertThat(toClient("{\"type\":\"session.updated\",\"session\":{\"type\":\"realtime\",\"audio\":{\"output\":"
                        + "{\"voice\":\"v\",\"echo\":\"on\"}}}}"))
                .isEqualTo("{\"type\":\"session.updated\",\"session\":{\"audio\":{\"output\":{\"echo\":\"on\"}},"
                        + "\"voice\":\"v\",\"temperature\":0.8}}");
    }

    @Test
    void understandsSettingsThatAreNestedAlready() {
        String nested =
                "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"audio\":{\"output\":{\"voice\":\"v\"}}}}";

        assertThat(new BetaDialect(false, null).fromClient(Buffer.buffer(nested)))
                .isEqualTo(Translation.UNCHANGED);
        assertThat(
                        fromClient(
                                "{\"type\":\"session.update\",\"session\":{\"speed\":1.1,\"audio\":{\"output\":{\"voice\":\"v\"}}}}"))
                .contains("\"audio\":{\"output\":{\"voice\":\"v\",\"speed\":1.1}}");
    }

    @Test
    void remembersTheTemperatureAndLeavesOneThatTheBetaWouldRefuse() {
        BetaDialect dialect = new BetaDialect(false, null);
        String created = "{\"type\":\"session.created\",\"session\":{\"type\":\"realtime\"}}";

        assertThat(text(dialect.toClient(Buffer.buffer(created)), "")).contains("\"temperature\":0.8}");
        dialect.fromClient(Buffer.buffer("{\"type\":\"session.update\",\"session\":{\"temperature\":1.10}}"));
        assertThat(text(dialect.toClient(Buffer.buffer(created)), "")).contains("\"temperature\":1.10}");
        for (String bad : List.of("0.5", "1.3", "\"hot\"", "null", "1e99999999")) {
            String update = "{\"type\":\"session.update\",\"session\":{\"temperature\":" + bad + "}}";
            assertThat(text(dialect.fromClient(Buffer.buffer(update)), update)).contains("\"temperature\":");
        }
        assertThat(text(dialect.toClient(Buffer.buffer(created)), "")).contains("\"temperature\":1.10}");
    }

    @Test
    void answersInTheModalitiesThatWereAskedFor() {
        BetaDialect dialect = new BetaDialect(false, null);
        dialect.fromClient(Buffer.buffer("{\"type\":\"session.update\",\"session\":{\"modalities\":[\"audio\"]}}"));
        dialect.fromClient(Buffer.buffer("{\"type\":\"session.update\",\"session\":{\"modalities\":[\"text\"]}}"));

        assertThat(text(
                        dialect.toClient(Buffer.buffer(
                                "{\"type\":\"response.created\",\"response\":{\"output_modalities\":[\"audio\"]}}")),
                        ""))
                .contains("\"modalities\":[\"audio\"]");
        assertThat(text(
                        dialect.toClient(Buffer.buffer(
                                "{\"type\":\"response.created\",\"response\":{\"output_modalities\":[\"text\"]}}")),
                        ""))
                .contains("\"modalities\":[\"text\"]");
    }

    @Test
    void renamesWithoutTouchingTheRest() {
        assertThat(
                        toClient(
                                "{ \"delta\" : \"\\u00e9\\/A\", \"n\":1e2,\n\"type\" :\"response.output_audio.delta\" , \"x\":{}}"))
                .isEqualTo("{ \"delta\" : \"\\u00e9\\/A\", \"n\":1e2,\n\"type\" :\"response.audio.delta\" , \"x\":{}}");
    }

    private static List<JsonNode> transcript(String file) throws IOException {
        List<JsonNode> events = new ArrayList<>();
        for (String line : Files.readAllLines(TRANSCRIPTS.resolve(file))) {
            events.add(MAPPER.readTree(line));
        }
        return events;
    }

    private static String fromClient(String event) {
        return text(new BetaDialect(false, null).fromClient(Buffer.buffer(event)), event);
    }

    private static String toClient(String event) {
        return text(new BetaDialect(false, null).toClient(Buffer.buffer(event)), event);
    }

    private static String text(Translation translation, String unchanged) {
        Buffer utf8 = outcome(translation, Buffer.buffer(unchanged));
        return utf8 == null ? "" : utf8.toString();
    }

    private static @Nullable Buffer outcome(Translation translation, Buffer original) {
        return switch (translation) {
            case Translation.Unchanged _ -> original;
            case Translation.Changed(Buffer utf8) -> utf8;
            case Translation.Dropped _ -> null;
        };
    }

    private static JsonNode read(@Nullable Buffer utf8) throws IOException {
        return MAPPER.readTree(utf8 == null ? "null" : utf8.toString());
    }
}
