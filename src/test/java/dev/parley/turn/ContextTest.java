package dev.parley.turn;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.conversation.AudioFormat;
import dev.parley.conversation.Item;
import dev.parley.conversation.ItemRules;
import dev.parley.conversation.Trees;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What of a long conversation a response reads. Each item has ten tokens. */
class ContextTest {
    private static final JsonNode AUTO = Trees.parse("\"auto\"");

    private final Context context = new Context();
    private final List<Item> items = new ArrayList<>();

    @Test
    void readsAllThatFits() {
        say(10);
        assertThat(read(100, AUTO)).hasSize(10);
    }

    @Test
    void theOldestFallOutAndStayOut() {
        say(10);
        assertThat(read(70, AUTO)).containsExactly("i3", "i4", "i5", "i6", "i7", "i8", "i9");
        assertThat(read(1_000, AUTO)).as("what had fallen out").hasSize(7);
        items.removeIf(item -> item.id().equals("i5"));
        assertThat(read(70, AUTO)).hasSize(6).startsWith("i3");
    }

    @Test
    void aRetentionRatioLeavesRoomForTheNextTurns() {
        JsonNode half = Trees.parse("{\"type\":\"retention_ratio\",\"retention_ratio\":0.5}");
        say(10);
        assertThat(read(80, half)).containsExactly("i6", "i7", "i8", "i9");
        say(4);
        assertThat(read(80, half))
                .as("the beginning is as before, and can be cached")
                .hasSize(8)
                .startsWith("i6");
    }

    @Test
    void itsOwnTokenLimitCountsWhenItIsLower() {
        JsonNode limited = Trees.parse(
                "{\"type\":\"retention_ratio\",\"retention_ratio\":1,\"token_limits\":{\"post_instructions\":30}}");
        say(10);
        assertThat(read(80, limited)).containsExactly("i7", "i8", "i9");
    }

    @Test
    void theLastItemIsAlwaysRead() {
        say(2);
        assertThat(read(5, AUTO)).containsExactly("i1");
    }

    @Test
    void disabledTruncationReadsAllAndLetsTheProviderFail() {
        say(10);
        assertThat(read(10, Trees.parse("\"disabled\""))).hasSize(10);
    }

    @Test
    void anOutputWhoseCallHasFallenOutIsNotRead() {
        items.add(item(
                "{\"id\":\"call\",\"type\":\"function_call\",\"name\":\"n\",\"call_id\":\"c1\",\"arguments\":\"{}\"}"));
        items.add(item("{\"id\":\"output\",\"type\":\"function_call_output\",\"call_id\":\"c1\",\"output\":\"o\"}"));
        say(3);
        assertThat(read(1_000, AUTO)).contains("call", "output");
        assertThat(read(31, AUTO)).containsExactly("i2", "i3", "i4");
    }

    private List<String> read(long tokensMax, JsonNode truncation) {
        return context.of(items, tokensMax, truncation).stream().map(Item::id).toList();
    }

    private void say(int count) {
        for (int i = 0; i < count; i++) {
            items.add(item("{\"id\":\"i" + items.size()
                    + "\",\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\""
                    + "x".repeat(40) + "\"}]}"));
        }
    }

    private static Item item(String json) {
        return ItemRules.read(Trees.parse(json), "item", AudioFormat.PCM);
    }
}
