package dev.parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.parley.protocol.Json;
import dev.parley.session.ConversationText.Replay;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is kept of a conversation for another upstream. */
class ConversationTextTest {
    private final ConversationText text = new ConversationText();

    @Test
    void tellsMessagesInTheirOrderWithTheirIds() {
        told(user("item_1", "hello"), "null");
        told(assistant("item_2", "hi"), "\"item_1\"");
        told(user("item_3", "between"), "\"item_1\"");

        assertThat(replayed())
                .extracting(item -> item.path("id").asText() + " " + words(item))
                .containsExactly("item_1 hello", "item_3 between", "item_2 hi");
        assertThat(replayed())
                .extracting(item -> item.at("/content/0/type").asText())
                .containsExactly("input_text", "input_text", "output_text");
    }

    @Test
    void putsAnItemAtTheStartWhereItWasPut() {
        told(user("item_1", "hello"), "null");
        told(user("item_0", "before"), "null");
        assertThat(replayed()).extracting(ConversationTextTest::words).containsExactly("before", "hello");
    }

    @Test
    void takesAudioByItsTranscript() {
        told(
                "{\"id\":\"item_1\",\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_audio\",\"transcript\":null}]}",
                "null");
        told(
                "{\"id\":\"item_2\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_audio\",\"transcript\":\"said\"}]}",
                "\"item_1\"");
        assertThat(text.replay(new OwnEvents()).omitted()).isEqualTo(1);

        text.transcribed("item_1", 0, "heard");
        assertThat(replayed()).extracting(ConversationTextTest::words).containsExactly("heard", "said");
        assertThat(text.replay(new OwnEvents()).omitted()).isZero();
    }

    @Test
    void keepsATranscriptWhenTheItemIsToldAgainWithoutIt() {
        String spoken =
                "{\"id\":\"item_1\",\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_audio\",\"transcript\":null}]}";
        told(spoken, "null");
        text.transcribed("item_1", 0, "heard");
        told(spoken, "null");
        assertThat(replayed()).extracting(ConversationTextTest::words).containsExactly("heard");
    }

    @Test
    void forgetsWhatIsDeletedOrCut() {
        told(user("item_1", "hello"), "null");
        told(assistant("item_2", "hi"), "\"item_1\"");
        told(user("item_3", "bye"), "\"item_2\"");
        text.truncated("item_2");
        text.deleted("item_3");
        assertThat(replayed()).extracting(ConversationTextTest::words).containsExactly("hello");
    }

    @Test
    void tellsCallsWithTheirResultsAndNoResultWithoutItsCall() {
        told(
                "{\"id\":\"item_1\",\"type\":\"function_call_output\",\"call_id\":\"call_0\",\"output\":\"lost\"}",
                "null");
        told(
                "{\"id\":\"item_2\",\"type\":\"function_call\",\"name\":\"f\",\"call_id\":\"call_1\",\"arguments\":\"{}\",\"status\":\"completed\"}",
                "\"item_1\"");
        told(
                "{\"id\":\"item_3\",\"type\":\"function_call_output\",\"call_id\":\"call_1\",\"output\":\"7\"}",
                "\"item_2\"");
        told("{\"id\":\"item_4\",\"type\":\"mcp_list_tools\"}", "\"item_3\"");

        assertThat(replayed())
                .extracting(item ->
                        item.path("type").asText() + " " + item.path("call_id").asText())
                .containsExactly("function_call call_1", "function_call_output call_1");
        assertThat(text.replay(new OwnEvents()).omitted()).isEqualTo(2);
    }

    @Test
    void doesNotKeepImagesAndSaysNothingOfItemsWithNothingElse() {
        told(
                "{\"id\":\"item_1\",\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_image\",\"image_url\":\"data:x\"},"
                        + "{\"type\":\"input_text\",\"text\":\"look\"}]}",
                "null");
        told(
                "{\"id\":\"item_2\",\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_image\",\"image_url\":\"data:y\"}]}",
                "\"item_1\"");
        assertThat(replayed()).extracting(ConversationTextTest::words).containsExactly("look");
        assertThat(replayed().toString()).doesNotContain("data:");
    }

    @Test
    void letsTheOldestGoWhenThereIsTooMuch() {
        for (int i = 0; i < ConversationText.ITEMS_MAX + 5; i++) {
            told(user("item_" + i, "word " + i), i == 0 ? "null" : "\"item_" + (i - 1) + "\"");
        }
        Replay replay = text.replay(new OwnEvents());
        assertThat(replay.items()).isEqualTo(ConversationText.ITEMS_MAX);
        assertThat(replay.omitted()).isEqualTo(5);
        assertThat(words(replayed().getFirst())).isEqualTo("word 5");

        told(user("long", "x".repeat(ConversationText.CHARS_MAX - 20)), "\"item_260\"");
        assertThat(replayed())
                .hasSizeLessThan(4)
                .last()
                .satisfies(item -> assertThat(item.path("id").asText()).isEqualTo("long"));
    }

    @Test
    void anItemThatIsTooLongByItselfPushesNoOtherOut() {
        told(user("item_1", "hello"), "null");
        told(user("item_2", "x".repeat(ConversationText.CHARS_MAX + 1)), "\"item_1\"");
        assertThat(replayed()).extracting(ConversationTextTest::words).containsExactly("hello");
    }

    @Test
    void leavesOutIdsThatProvidersRefuseFromClients() {
        told(user("i".repeat(33), "hello"), "null");
        assertThat(replayed().getFirst().has("id")).isFalse();
    }

    @Test
    void takesItemsOfResponsesOnlyFromProvidersThatDoNotTellOfItems() {
        text.answered(read(assistant("item_1", "hi")));
        assertThat(replayed()).extracting(ConversationTextTest::words).containsExactly("hi");

        told(assistant("item_2", "again"), "\"item_1\"");
        text.deleted("item_2");
        text.answered(read(assistant("item_2", "again")));
        assertThat(replayed()).extracting(ConversationTextTest::words).containsExactly("hi");
    }

    @Test
    void keepsNoMoreContentsOfAnItemThanSome() {
        told(
                "{\"id\":\"item_1\",\"type\":\"message\",\"role\":\"user\",\"content\":["
                        + "{\"type\":\"input_text\",\"text\":\"x\"},".repeat(200)
                        + "{\"type\":\"input_text\",\"text\":\"y\"}]}",
                "null");
        assertThat(replayed().getFirst().path("content")).hasSize(64);
    }

    @Test
    void passesOverWhatHasNoId() {
        text.tell(read("{\"type\":\"message\"}"), MissingNode.getInstance());
        assertThat(replayed()).isEmpty();
    }

    private void told(String item, String previousId) {
        JsonNode event = read("{\"item\":" + item + ",\"previous_item_id\":" + previousId + "}");
        text.tell(event.path("item"), event.path("previous_item_id"));
    }

    private List<JsonNode> replayed() {
        return text.replay(new OwnEvents()).events().stream()
                .map(event -> read(event.toString()).path("item"))
                .toList();
    }

    private static String words(JsonNode item) {
        return item.at("/content/0/text").asText();
    }

    private static String user(String id, String words) {
        return "{\"id\":\"" + id
                + "\",\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"" + words
                + "\"}]}";
    }

    private static String assistant(String id, String words) {
        return "{\"id\":\"" + id
                + "\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\""
                + words + "\"}]}";
    }

    private static JsonNode read(String json) {
        return Json.object(Buffer.buffer(json)).orElseThrow();
    }
}
