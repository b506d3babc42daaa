package dev.parley.session;

import dev.parley.domain.NanoUsd;
import dev.parley.domain.TokenUsage;
import dev.parley.ledger.Rates;
import java.util.List;
import java.util.stream.Stream;

/** Input tokens by modality; most often an upper bound. */
public record InputTokens(long text, long audio, long image) {
    public static final InputTokens NONE = new InputTokens(0, 0, 0);

    public static InputTokens ofText(long tokens) {
        return new InputTokens(tokens, 0, 0);
    }

    public static InputTokens ofAudio(long tokens) {
        return new InputTokens(0, tokens, 0);
    }

    /** What a settled response leaves behind as input of the next one: all that went in, and all that came out. */
    static InputTokens after(TokenUsage usage) {
        return new InputTokens(usage.textIn() + usage.textOut(), usage.audioIn() + usage.audioOut(), usage.imageIn());
    }

    public InputTokens plus(InputTokens other) {
        return new InputTokens(text + other.text, audio + other.audio, image + other.image);
    }

    public InputTokens minus(InputTokens other) {
        return new InputTokens(text - other.text, audio - other.audio, image - other.image);
    }

    /**
     * The most that these tokens can cost: none of them cached, and where they do not fit into the context window the
     * dearest ones stay.
     */
    public NanoUsd costAtMost(Rates rates, long contextTokensMax) {
        long left = contextTokensMax;
        NanoUsd sum = NanoUsd.ZERO;
        for (Share share : dearestFirst(rates)) {
            long tokens = Math.min(share.tokens(), left);
            left -= tokens;
            sum = sum.plus(new NanoUsd(share.price()).times(tokens));
        }
        return sum;
    }

    private List<Share> dearestFirst(Rates rates) {
        return Stream.of(
                        new Share(text, rates.textIn()),
                        new Share(audio, rates.audioIn()),
                        new Share(image, rates.imageIn()))
                .sorted((one, other) -> Long.compare(other.price(), one.price()))
                .toList();
    }

    private record Share(long tokens, long price) {}
}
