package dev.parley.turn;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.gateway.BrokerRig;
import dev.parley.gateway.WireClient;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A client that plays the same script in both pool modes sees the same events in the same order. */
class BothModesIT {
    private static final String TEXT =
            "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"output_modalities\":[\"text\"],\"audio\":{\"input\":{\"turn_detection\":null}}}}";
    private static final String AUDIO =
            "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"output_modalities\":[\"audio\"]}}";
    private static final String TOOL =
            "{\"type\":\"function\",\"name\":\"get_weather\",\"description\":\"\",\"parameters\":{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}}}}";

    private static BrokerRig rig;

    @BeforeAll
    static void start() throws Exception {
        rig = TurnRig.start();
        rig.tenant("session");
        TurnRig.inTurnMode(rig, "turn");
    }

    @AfterAll
    static void stop() {
        rig.assertQuiet("session", "turn");
        rig.close();
    }

    @Test
    void theSameEventsInTheSameOrder() throws Exception {
        rig.script("{\"deltaIntervalMillis\":2}");
        List<String> session = play("session");
        List<String> turn = play("turn");
        int differences = 0;
        for (int i = 0; i < Math.max(session.size(), turn.size()); i++) {
            String one = i < session.size() ? session.get(i) : "-";
            String other = i < turn.size() ? turn.get(i) : "-";
            if (!one.equals(other)) {
                differences++;
                System.out.println("session: " + one + "\n   turn: " + other);
            }
        }
        System.out.println("both modes: " + session.size() + " events each, " + differences + " differ");
        assertThat(turn).isEqualTo(session);
    }

    private static List<String> play(String tenant) throws Exception {
        try (WireClient client = rig.connect(tenant)) {
            client.await("session.created");
            client.send(TEXT);
            client.await("session.updated");
            text(client);
            function(client);
            items(client);
            audio(client);
            cancel(client);
            interrupt(client);
            mistakes(client);
            return shapes(client.heard());
        }
    }

    private static void text(WireClient client) throws Exception {
        for (String words : List.of("Good morning.", "And how are you?")) {
            client.say(words);
            respond(client, "{\"metadata\":{\"topic\":\"greeting\"}}");
        }
        respond(
                client,
                "{\"conversation\":\"none\",\"input\":[{\"type\":\"message\",\"role\":\"user\",\"content\":"
                        + "[{\"type\":\"input_text\",\"text\":\"classify\"}]}]}");
        respond(client, "{\"max_output_tokens\":3,\"instructions\":\"Be brief.\"}");
    }

    private static void function(WireClient client) throws Exception {
        client.say("What is the weather in Lyon?");
        client.send(
                "{\"type\":\"response.create\",\"response\":{\"tools\":[" + TOOL + "],\"tool_choice\":\"required\"}}");
        JsonNode call = client.await("response.done").at("/response/output/0");
        client.await("rate_limits.updated");
        client.send("{\"type\":\"conversation.item.create\",\"item\":{\"type\":\"function_call_output\",\"call_id\":\""
                + call.path("call_id").asText() + "\",\"output\":\"21\"}}");
        respond(client, "{}");
    }

    private static void items(WireClient client) throws Exception {
        client.send(
                "{\"type\":\"conversation.item.create\",\"previous_item_id\":\"root\",\"item\":{\"id\":\"first\",\"type\":\"message\","
                        + "\"role\":\"system\",\"content\":[{\"type\":\"input_text\",\"text\":\"Be kind.\"}]}}");
        client.await("conversation.item.done");
        client.send("{\"type\":\"conversation.item.retrieve\",\"item_id\":\"first\"}");
        client.await("conversation.item.retrieved");
        client.send("{\"type\":\"conversation.item.delete\",\"item_id\":\"first\"}");
        client.await("conversation.item.deleted");
    }

    private static void audio(WireClient client) throws Exception {
        client.send(AUDIO);
        client.await("session.updated");
        client.speak(new byte[9_600]).send("{\"type\":\"input_audio_buffer.clear\"}");
        client.await("input_audio_buffer.cleared");
        client.speak(new byte[96_000]).send("{\"type\":\"input_audio_buffer.commit\"}");
        client.send("{\"type\":\"response.create\"}");
        JsonNode answer = client.await("response.done").at("/response/output/0");
        client.await("rate_limits.updated");
        client.send("{\"type\":\"conversation.item.truncate\",\"item_id\":\""
                + answer.path("id").asText() + "\",\"content_index\":0,\"audio_end_ms\":100}");
        client.await("conversation.item.truncated");
        client.send("{\"type\":\"conversation.item.retrieve\",\"item_id\":\""
                + answer.path("id").asText() + "\"}");
        client.await("conversation.item.retrieved");
    }

    private static void cancel(WireClient client) throws Exception {
        client.say("x".repeat(300));
        client.send("{\"type\":\"response.create\"}");
        client.await("response.output_audio.delta");
        client.send("{\"type\":\"response.create\",\"event_id\":\"second\"}");
        client.await("error");
        client.send("{\"type\":\"response.cancel\"}");
        client.await("rate_limits.updated");
    }

    /** All at once, as a client does whose user begins to speak and goes on by text. */
    private static void interrupt(WireClient client) throws Exception {
        client.send("{\"type\":\"response.create\"}");
        String item =
                client.await("response.output_audio.delta").path("item_id").asText();
        client.send("{\"type\":\"response.cancel\"}");
        client.send("{\"type\":\"conversation.item.truncate\",\"item_id\":\"" + item
                + "\",\"content_index\":0,\"audio_end_ms\":10}");
        client.say("No, something else.");
        client.send("{\"type\":\"response.create\",\"response\":{\"output_modalities\":[\"text\"]}}");
        client.await("conversation.item.truncated");
        client.await(
                "the next response",
                event -> event.path("type").asText().equals("response.done")
                        && event.at("/response/status").asText().equals("completed"));
        client.await("rate_limits.updated");
    }

    private static void mistakes(WireClient client) throws Exception {
        for (String mistake : List.of(
                "{\"type\":\"nonsense\",\"event_id\":\"m1\"}",
                "{\"type\":\"input_audio_buffer.commit\"}",
                "{\"type\":\"conversation.item.delete\",\"item_id\":\"nobody\",\"event_id\":\"m2\"}",
                "{\"type\":\"conversation.item.create\",\"previous_item_id\":\"nobody\",\"item\":{\"type\":\"message\",\"role\":\"user\",\"content\":[]}}",
                "{\"type\":\"response.cancel\",\"event_id\":\"m3\"}",
                "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"nonsense\":1}}",
                "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"audio\":{\"output\":{\"voice\":\"ash\"}}}}",
                "{\"type\":\"response.create\",\"response\":{\"nonsense\":1}}")) {
            client.send(mistake);
            client.await("error");
        }
    }

    private static void respond(WireClient client, String response) throws Exception {
        client.send("{\"type\":\"response.create\",\"response\":" + response + "}");
        client.await("response.done");
        client.await("rate_limits.updated");
    }

    /** Type and members of each event, and of each response whether deltas came: how many, and when, is the clock's affair. */
    private static List<String> shapes(List<JsonNode> events) {
        List<String> shapes = new ArrayList<>();
        int deltas = 0;
        for (JsonNode event : events) {
            String type = event.path("type").asText();
            String shape = type + members(event) + " item" + members(event.path("item")) + " response"
                    + members(event.path("response"))
                    + event.at("/response/status").asText()
                    + event.at("/item/status").asText()
                    + event.at("/error/code").asText()
                    + event.at("/error/param").asText()
                    + event.at("/error/event_id").asText();
            if (type.equals("response.created")) {
                deltas = 0;
            }
            if (!type.endsWith(".delta") || deltas++ == 0) {
                shapes.add(type.endsWith(".delta") ? "deltas" : shape);
            }
        }
        return shapes;
    }

    private static String members(JsonNode object) {
        TreeSet<String> names = new TreeSet<>();
        object.fieldNames().forEachRemaining(names::add);
        return names.toString();
    }
}
