package dev.parley.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.conversation.AudioFormat;
import dev.parley.conversation.ClientError;
import dev.parley.conversation.Conversation;
import dev.parley.conversation.Item;
import dev.parley.conversation.Trees;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ItemsTest {
    @RegisterExtension
    static final SimulatorTester TESTER = new SimulatorTester();

    @Test
    void putsItemsWhereTheyAreAskedFor() throws Exception {
        RealtimeClient client = TESTER.conversation();
        assertThat(create(client, "a", null).path("previous_item_id").isNull()).isTrue();
        assertThat(create(client, "b", null).path("previous_item_id").asText()).isEqualTo("a");
        assertThat(create(client, "c", "a").path("previous_item_id").asText()).isEqualTo("a");
        assertThat(create(client, "d", "root").path("previous_item_id").isNull())
                .isTrue();
        assertThat(create(client, "e", null).path("previous_item_id").asText()).isEqualTo("b");
    }

    @Test
    void refusesAnUnknownPredecessorATakenIdAndALongOne() throws Exception {
        RealtimeClient client = TESTER.conversation();
        create(client, "a", null);
        client.send(message("b", "nowhere"));
        assertThat(client.awaitError().path("code").asText()).isEqualTo("item_create_invalid_previous_item_id");
        client.send(message("a", null));
        assertThat(client.awaitError().path("code").asText()).isEqualTo("item_create_duplicate_id");
        client.send(message("x".repeat(33), null));
        assertThat(client.awaitError().path("code").asText()).isEqualTo("string_above_max_length");
        assertThat(create(client, "y".repeat(32), null).has("item")).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "{}|missing_required_parameter|item.type",
                "{\"type\":\"poem\"}|invalid_value|item.type",
                "{\"type\":\"message\",\"content\":[]}|missing_required_parameter|item.role",
                "{\"type\":\"message\",\"role\":\"user\"}|missing_required_parameter|item.content",
                "{\"type\":\"message\",\"role\":\"robot\",\"content\":[]}|invalid_value|item.role",
                "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}|invalid_value|item.content[0].type",
                "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\"}]}|missing_required_parameter|item.content[0].text",
                "{\"type\":\"message\",\"role\":\"system\",\"content\":[{\"type\":\"output_text\",\"text\":\"x\"}]}|invalid_value|item.content[0].type",
                "{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_audio\",\"audio\":\"AAAA\",\"transcript\":\"x\"}]}|invalid_value|item.content[0].audio",
                "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_audio\",\"audio\":\"?\"}]}|invalid_value|item.content[0].audio",
                "{\"type\":\"function_call_output\",\"call_id\":\"call_none\",\"output\":\"x\"}|invalid_tool_call_id|item.call_id",
            })
    void refusesWhatIsWrong(String item, String code, String param) throws Exception {
        RealtimeClient client = TESTER.conversation();
        JsonNode error = client.send("{\"type\":\"conversation.item.create\",\"item\":" + item + "}")
                .awaitError();
        assertThat(error.path("code").asText()).isEqualTo(code);
        assertThat(error.path("param").asText()).isEqualTo(param);
        client.close();
    }

    @Test
    void showsAudioOnlyWhenAnItemIsRetrieved() throws Exception {
        RealtimeClient client = TESTER.conversation();
        String audio = Base64.getEncoder().encodeToString(new byte[48 * 250]);
        client.send("""
                {"type":"conversation.item.create","item":{"id":"a","type":"message","role":"user",
                "content":[{"type":"input_audio","audio":"%s"}]}}""".formatted(audio));
        JsonNode added = client.await("conversation.item.added").path("item");
        client.send("{\"type\":\"conversation.item.retrieve\",\"item_id\":\"a\"}");
        JsonNode retrieved = client.await("conversation.item.retrieved").path("item");

        assertThat(added.at("/content/0/audio").isMissingNode()).isTrue();
        assertThat(retrieved.at("/content/0/audio").asText()).isEqualTo(audio);
        assertThat(retrieved.at("/content/0/format").asText()).isEqualTo("pcm16");
    }

    @Test
    void retrievesTheAssistantsAudioAsItWasSent() throws Exception {
        RealtimeClient client = TESTER.conversation();
        client.say("hi").send("{\"type\":\"response.create\"}");
        String id = client.awaitResponse().at("/output/0/id").asText();
        client.send("{\"type\":\"conversation.item.retrieve\",\"item_id\":\"" + id + "\"}");
        byte[] whole = Base64.getDecoder()
                .decode(client.await("conversation.item.retrieved")
                        .at("/item/content/0/audio")
                        .asText());

        byte[] sent = client.ofType("response.output_audio.delta").stream()
                .map(delta -> Base64.getDecoder().decode(delta.path("delta").asText()))
                .reduce(new byte[0], ItemsTest::joined);
        assertThat(whole).isEqualTo(sent).isNotEmpty();
    }

    @Test
    void truncatesWhatWasPlayed() throws Exception {
        RealtimeClient client = TESTER.conversation();
        client.say("hi").send("{\"type\":\"response.create\"}");
        JsonNode response = client.awaitResponse();
        String id = response.at("/output/0/id").asText();
        JsonNode tooLong = client.send(truncate(id, 60_000)).awaitError();
        client.send(truncate(id, 500));
        JsonNode truncated = client.await("conversation.item.truncated");
        client.send("{\"type\":\"conversation.item.retrieve\",\"item_id\":\"" + id + "\"}");
        JsonNode item = client.await("conversation.item.retrieved").path("item");

        assertThat(tooLong.path("message").asText()).endsWith("ms is already shorter than 60000ms");
        assertThat(Trees.write(truncated))
                .endsWith("\"item_id\":\"" + id + "\",\"content_index\":0,\"audio_end_ms\":500}");
        assertThat(item.at("/content/0/transcript").isNull()).isTrue();
        assertThat(Base64.getDecoder().decode(item.at("/content/0/audio").asText()))
                .hasSize(48 * 500);
    }

    @Test
    void refusesToTruncateWhatTheUserSaid() throws Exception {
        RealtimeClient client = TESTER.conversation();
        create(client, "a", null);
        assertThat(client.send(truncate("a", 1)).awaitError().path("message").asText())
                .isEqualTo("Only model output audio messages can be truncated.");
    }

    @Test
    void refusesMoreTextThanAConversationHolds() {
        Conversation conversation = new Conversation(SimulatedSession.BOUNDS);
        String text = "x".repeat(30 << 20);
        for (int i = 0; i < 2; i++) {
            conversation.add(written("item_" + i, text));
        }
        assertThatThrownBy(() -> conversation.add(written("item_2", text))).isInstanceOf(ClientError.class);
        conversation.remove("item_0");
        assertThat(conversation.add(written("item_2", text))).isEqualTo("item_1");
    }

    private static Item written(String id, String text) {
        var json = Trees.object().put("id", id).put("type", "message").put("role", "user");
        json.putArray("content").addObject().put("type", "input_text").put("text", text);
        return new Item(json, AudioFormat.PCM, null, 0);
    }

    @Test
    void deletesItems() throws Exception {
        RealtimeClient client = TESTER.conversation();
        create(client, "a", null);
        client.send("{\"type\":\"conversation.item.delete\",\"item_id\":\"a\"}");
        assertThat(client.await("conversation.item.deleted").path("item_id").asText())
                .isEqualTo("a");
        assertThat(create(client, "b", null).path("previous_item_id").isNull()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "retrieve,item_retrieve_invalid_item_id",
        "delete,item_delete_invalid_item_id",
        "truncate,item_truncate_invalid_item_id"
    })
    void refusesUnknownItems(String verb, String code) throws Exception {
        RealtimeClient client = TESTER.conversation();
        String more = verb.equals("truncate") ? ",\"content_index\":0,\"audio_end_ms\":0" : "";
        JsonNode error = client.send(
                        "{\"type\":\"conversation.item." + verb + "\",\"item_id\":\"item_none\"" + more + "}")
                .awaitError();
        JsonNode missing =
                client.send("{\"type\":\"conversation.item." + verb + "\"}").awaitError();
        assertThat(error.path("code").asText()).isEqualTo(code);
        assertThat(missing.path("param").asText()).isEqualTo("item_id");
    }

    private static JsonNode create(RealtimeClient client, String id, @org.jspecify.annotations.Nullable String after)
            throws Exception {
        client.send(message(id, after));
        JsonNode added = client.await("conversation.item.added");
        JsonNode done = client.await("conversation.item.done");
        assertThat(done.path("item")).isEqualTo(added.path("item"));
        assertThat(done.path("previous_item_id")).isEqualTo(added.path("previous_item_id"));
        return added;
    }

    private static String message(String id, @org.jspecify.annotations.Nullable String after) {
        return "{\"type\":\"conversation.item.create\",\"previous_item_id\":"
                + (after == null ? "null" : "\"" + after + "\"") + ",\"item\":{\"id\":\"" + id
                + "\",\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"x\"}]}}";
    }

    private static String truncate(String id, int millis) {
        return "{\"type\":\"conversation.item.truncate\",\"item_id\":\"" + id
                + "\",\"content_index\":0,\"audio_end_ms\":" + millis + "}";
    }

    private static byte[] joined(byte[] a, byte[] b) {
        byte[] both = java.util.Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }
}
