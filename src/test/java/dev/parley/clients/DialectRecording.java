package dev.parley.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One conversation as two clients held it, in GA and in the beta, side by side: what one line of a file is, is in the same line
 * of the other. Ids are numbered, times and padding are fixed and audio is shortened, so that two recordings of it are equal.
 */
final class DialectRecording {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Path FOLDER = Path.of("src/test/resources/dialect");
    private static final Pattern ID = Pattern.compile("(event|sess|conv|item|resp|call|psn)_\\w+");
    private static final long EXPIRES_AT = 1_795_217_964;
    private static final int AUDIO_CHARACTERS_MAX = 64;

    /** What a beta client does not get: protocol.md 2.6 of the design, and the OpenAI beta itself. */
    private static final String GA_ONLY = "conversation.item.done";

    private final List<String> ga = new ArrayList<>();
    private final List<String> beta = new ArrayList<>();

    /** @param gaLog and {@code betaLog}: {@code {"from","event"}} in the order of the wire */
    static DialectRecording of(JsonNode gaLog, JsonNode betaLog) throws IOException {
        DialectRecording recording = new DialectRecording();
        Map<String, String> gaIds = new HashMap<>();
        Map<String, String> betaIds = new HashMap<>();
        int next = 0;
        for (JsonNode line : gaLog) {
            int number = recording.ga.size() + 1;
            recording.ga.add(text(line, number, gaIds));
            if (line.at("/event/type").asText().equals(GA_ONLY)) {
                recording.beta.add("{\"from\":\"server\",\"event\":null}");
            } else {
                JsonNode same = betaLog.path(next++);
                assertThat(same.path("from")).as("line " + number).isEqualTo(line.path("from"));
                recording.beta.add(text(same, number, betaIds));
            }
        }
        assertThat(next).as("lines of the beta").isEqualTo(betaLog.size());
        return recording;
    }

    /** Makes the files of this name. */
    void write(String name) throws IOException {
        Files.write(FOLDER.resolve(name + ".ga.jsonl"), ga);
        Files.write(FOLDER.resolve(name + ".beta.jsonl"), beta);
    }

    /** It is what the files have. */
    void assertIs(String name) throws IOException {
        assertThat(ga).isEqualTo(Files.readAllLines(FOLDER.resolve(name + ".ga.jsonl")));
        assertThat(beta).isEqualTo(Files.readAllLines(FOLDER.resolve(name + ".beta.jsonl")));
    }

    private static String text(JsonNode line, int number, Map<String, String> ids) throws IOException {
        JsonNode copy = line.deepCopy();
        if (copy.path("from").asText().equals("server") && copy.get("event") instanceof ObjectNode event) {
            event.put("event_id", "event_" + number);
        }
        normalise(copy, ids);
        return MAPPER.writeValueAsString(copy);
    }

    private static void normalise(JsonNode node, Map<String, String> ids) {
        if (node instanceof ObjectNode object) {
            for (Map.Entry<String, JsonNode> member : List.copyOf(object.properties())) {
                object.set(member.getKey(), normalised(member.getKey(), member.getValue(), ids));
            }
        }
        node.forEach(child -> normalise(child, ids));
    }

    private static JsonNode normalised(String name, JsonNode value, Map<String, String> ids) {
        if (name.equals("expires_at")) {
            return MAPPER.getNodeFactory().numberNode(EXPIRES_AT);
        }
        String text = value.textValue();
        if (text == null) {
            return value;
        }
        if (name.equals("obfuscation")) {
            return TextNode.valueOf("x".repeat(text.length()));
        }
        if ((name.equals("audio") || name.equals("delta")) && text.length() > AUDIO_CHARACTERS_MAX) {
            return TextNode.valueOf(text.substring(0, AUDIO_CHARACTERS_MAX));
        }
        Matcher id = ID.matcher(text);
        return name.endsWith("id") && id.matches() ? TextNode.valueOf(numbered(id.group(1), text, ids)) : value;
    }

    private static String numbered(String kind, String id, Map<String, String> ids) {
        String known = ids.get(id);
        if (known != null || kind.equals("event")) {
            return known == null ? id : known;
        }
        long before =
                ids.values().stream().filter(name -> name.startsWith(kind)).count();
        String name = kind + '_' + (before + 1);
        ids.put(id, name);
        return name;
    }
}
