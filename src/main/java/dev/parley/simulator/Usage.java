package dev.parley.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.Tokens;
import dev.parley.conversation.Trees;
import org.jspecify.annotations.Nullable;

/**
 * What a response used.
 *
 * @param input all that went in; {@code cached} is part of it
 * @param output generated text and audio; {@code reasoning} is part of the text
 */
public record Usage(Tokens input, Tokens cached, Tokens output, int reasoning) {
    static final Usage ZERO = new Usage(Tokens.NONE, Tokens.NONE, Tokens.NONE, 0);

    /** The member {@code usage} as the script wants it told; null when it is to be left out. */
    @Nullable
    JsonNode told(String how) {
        return switch (how) {
            case "absent" -> null;
            case "null" -> NullNode.getInstance();
            case "zero" -> ZERO.toJson();
            case "noDetails" -> totals();
            default -> toJson();
        };
    }

    ObjectNode toJson() {
        ObjectNode usage = totals();
        ObjectNode in = usage.putObject("input_token_details")
                .put("text_tokens", input.text())
                .put("audio_tokens", input.audio())
                .put("image_tokens", input.image())
                .put("cached_tokens", cached.total());
        in.putObject("cached_tokens_details")
                .put("text_tokens", cached.text())
                .put("audio_tokens", cached.audio())
                .put("image_tokens", cached.image());
        ObjectNode out = usage.putObject("output_token_details")
                .put("text_tokens", output.text())
                .put("audio_tokens", output.audio());
        if (reasoning > 0) {
            out.put("reasoning_tokens", reasoning);
        }
        return usage;
    }

    private ObjectNode totals() {
        return Trees.object()
                .put("total_tokens", input.total() + output.total())
                .put("input_tokens", input.total())
                .put("output_tokens", output.total());
    }
}
