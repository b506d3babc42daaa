package dev.parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.Test;

/** What is kept of a conversation, and what goes when its bounds are reached. */
class ConversationTest {
    private final Conversation bounded = new Conversation(new Conversation.Bounds(3, 80, 10, true));

    @Test
    void tellsWhatStandsBeforeAnItem() {
        assertThat(bounded.add(said("a", "one"))).isNull();
        assertThat(bounded.add(said("b", "two"))).isEqualTo("a");
        assertThat(bounded.addAfter(said("c", "three"), "a")).isEqualTo("a");
        assertThat(bounded.items()).extracting(Item::id).containsExactly("a", "c", "b");
    }

    @Test
    void dropsTheOldestItemsForNewOnes() {
        for (String id : new String[] {"a", "b", "c", "d"}) {
            bounded.add(said(id, "x"));
        }
        assertThat(bounded.items()).extracting(Item::id).containsExactly("b", "c", "d");
        assertThat(bounded.find("a")).isNull();
    }

    @Test
    void dropsAsManyAsTheTextNeeds() {
        bounded.add(said("a", "x"));
        bounded.add(said("b", "x"));
        int around = said("c", "").characters();
        bounded.add(said("c", "y".repeat(80 - around)));
        assertThat(bounded.items()).extracting(Item::id).containsExactly("c");
    }

    @Test
    void refusesAnItemThatIsTooLargeByItself() {
        bounded.add(said("a", "x"));
        assertThatThrownBy(() -> bounded.add(said("b", "y".repeat(81)))).isInstanceOf(ClientError.class);
        assertThat(bounded.items()).extracting(Item::id).containsExactly("a");
    }

    @Test
    void refusesMoreThanItHoldsWhereNothingIsDropped() {
        Conversation strict = new Conversation(new Conversation.Bounds(1, 100, 10, false));
        strict.add(said("a", "x"));
        assertThatThrownBy(() -> strict.add(said("b", "x"))).isInstanceOf(ClientError.class);
    }

    @Test
    void forgetsTheOldestAudioAndKeepsItsItem() {
        Item first = Item.spoken("a", AudioFormat.PCMU, new byte[8]);
        bounded.add(first);
        bounded.add(Item.spoken("b", AudioFormat.PCMU, new byte[8]));
        assertThat(first.audio()).isNull();
        assertThat(bounded.items()).extracting(Item::id).containsExactly("a", "b");
    }

    @Test
    void forgetsTheAssistantsAudioBeforeTheUsers() {
        Conversation roomy = new Conversation(new Conversation.Bounds(3, 400, 10, true));
        Item user = Item.spoken("a", AudioFormat.PCMU, new byte[8]);
        roomy.add(user);
        ObjectNode json = Trees.object().put("id", "b").put("type", "message").put("role", "assistant");
        Item assistant = new Item(json, AudioFormat.PCMU, new byte[2], 1);
        roomy.add(assistant);
        roomy.add(Item.spoken("c", AudioFormat.PCMU, new byte[2]));
        assertThat(assistant.audio()).isNull();
        assertThat(user.audio()).isNotNull();
    }

    @Test
    void replacesAnItemInItsPlace() {
        bounded.add(said("a", "x"));
        bounded.add(said("b", "x"));
        assertThat(bounded.replace(said("a", "y"))).isTrue();
        assertThat(bounded.items()).extracting(Item::text).containsExactly("y", "x");
        bounded.remove("a");
        assertThat(bounded.replace(said("a", "z")))
                .as("one that was deleted meanwhile")
                .isFalse();
        assertThat(bounded.items()).extracting(Item::id).containsExactly("b");
    }

    @Test
    void remembersTheWordsThatWereHeardBeforeTheAudioWasCut() {
        ObjectNode json = Trees.object().put("id", "a").put("type", "message").put("role", "assistant");
        json.putArray("content").addObject().put("type", "output_audio").put("transcript", "0123456789");
        Item item = new Item(json, AudioFormat.PCMU, new byte[8_000], 1_000);
        item.truncate(500);
        assertThat(item.heard()).isEqualTo("01234");
        item.truncate(100);
        assertThat(item.heard()).isEqualTo("0");
        assertThat(item.content().path(0).path("transcript").isNull()).isTrue();
    }

    private static Item said(String id, String text) {
        ObjectNode json = Trees.object().put("id", id).put("type", "message").put("role", "user");
        json.putArray("content").addObject().put("text", text);
        return new Item(json, AudioFormat.PCM, null, 0);
    }
}
