package dev.parley.simulator;

import dev.parley.conversation.Tokens;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * What goes into a response: the instructions, the tools, then the items.
 *
 * @param segments in order
 */
record Prompt(List<Segment> segments) {
    Prompt {
        segments = List.copyOf(segments);
    }

    /**
     * A piece of a prompt.
     *
     * @param key equal keys are equal pieces
     */
    record Segment(String key, Tokens tokens) {}

    Tokens tokens() {
        return segments.stream().map(Segment::tokens).reduce(Tokens.NONE, Tokens::plus);
    }

    /**
     * The provider's prompt cache, for one session: what a prompt has in common with the start of one of the last few is cached,
     * in blocks of 64 tokens, text and audio alike.
     */
    static final class Cache {
        private static final int REMEMBERED = 4;
        private static final int BLOCK = 64;

        private final Deque<Prompt> recent = new ArrayDeque<>();

        /** The cached part of {@code prompt}, which is remembered from now on. */
        Tokens admit(Prompt prompt) {
            int common = recent.stream()
                    .mapToInt(earlier -> commonTokens(earlier, prompt))
                    .max()
                    .orElse(0);
            recent.addFirst(prompt);
            if (recent.size() > REMEMBERED) {
                recent.removeLast();
            }
            return firstTokens(prompt, common - common % BLOCK);
        }

        private static int commonTokens(Prompt earlier, Prompt later) {
            int tokens = 0;
            int length = Math.min(earlier.segments.size(), later.segments.size());
            for (int i = 0; i < length; i++) {
                if (!earlier.segments.get(i).equals(later.segments.get(i))) {
                    break;
                }
                tokens += later.segments.get(i).tokens().total();
            }
            return tokens;
        }

        /** The first {@code count} tokens of a prompt, by modality. */
        static Tokens firstTokens(Prompt prompt, int count) {
            Tokens sum = Tokens.NONE;
            for (Segment segment : prompt.segments) {
                int left = count - sum.total();
                Tokens all = segment.tokens();
                int text = Math.min(all.text(), left);
                int audio = Math.min(all.audio(), left - text);
                sum = sum.plus(new Tokens(text, audio, Math.min(all.image(), left - text - audio)));
            }
            return sum;
        }
    }
}
