package dev.parley.simulator;

import dev.parley.conversation.Conversation;
import dev.parley.conversation.Item;
import dev.parley.conversation.SessionState;
import dev.parley.conversation.Tokens;
import dev.parley.conversation.Trees;
import java.util.ArrayList;
import java.util.List;

/** Puts together what a response sees, and drops what does not fit into the model's context. */
final class ResponsePrompt {
    private final List<Item> items;
    private final Prompt prompt;
    private final boolean overflowed;

    private ResponsePrompt(List<Item> items, Prompt prompt, boolean overflowed) {
        this.items = items;
        this.prompt = prompt;
        this.overflowed = overflowed;
    }

    static ResponsePrompt of(ResponseRequest request, SessionState state, Conversation conversation) {
        List<Item> given = request.input();
        List<Item> items = new ArrayList<>(given != null ? given : conversation.items());
        List<Prompt.Segment> head = new ArrayList<>();
        if (!request.instructions().isEmpty()) {
            head.add(segment("instructions:", request.instructions()));
        }
        if (!request.tools().isEmpty()) {
            head.add(segment("tools:", Trees.write(request.tools())));
        }
        int max = Models.contextTokens(state.model());
        boolean disabled = state.effective().path("truncation").asText().equals("disabled");
        int all = total(head) + total(segments(items));
        if (all > max && !disabled) {
            double ratio =
                    state.effective().path("truncation").path("retention_ratio").asDouble(1);
            dropOldest(items, (int) (max * ratio) - total(head));
        }
        head.addAll(segments(items));
        return new ResponsePrompt(items, new Prompt(head), all > max && disabled);
    }

    /** The items that are left, oldest first. */
    List<Item> items() {
        return items;
    }

    Prompt prompt() {
        return prompt;
    }

    /** Whether it is too long and truncation is disabled. */
    boolean hasOverflowed() {
        return overflowed;
    }

    private static void dropOldest(List<Item> items, int max) {
        int left = total(segments(items));
        while (left > max && items.size() > 1) {
            left -= items.removeFirst().tokens().total();
        }
    }

    private static Prompt.Segment segment(String kind, String text) {
        return new Prompt.Segment(kind + text, Tokens.text(text));
    }

    private static List<Prompt.Segment> segments(List<Item> items) {
        return items.stream()
                .map(item -> new Prompt.Segment(item.id() + "#" + item.revision(), item.tokens()))
                .toList();
    }

    private static int total(List<Prompt.Segment> segments) {
        return segments.stream().mapToInt(segment -> segment.tokens().total()).sum();
    }
}
